"""Options for proving control, for hooks, and for where certificates go."""

from __future__ import annotations

import click

from toolkit.cli.options import group, lock_timeout

_hooks_dir = click.option(
    "--hooks-dir",
    metavar="DIR",
    envvar="ACME_HOOKS_DIR",
    show_envvar=True,
    help="Where hooks are looked for first.",
)
_no_directory_hooks = click.option("--no-directory-hooks", is_flag=True, help="Leave CONFIG/renewal-hooks alone.")

authenticator = group(
    click.option("--standalone", is_flag=True, help="Answer http-01 by a server of our own."),
    click.option(
        "--http-01-port",
        metavar="PORT",
        type=click.IntRange(1, 65535),
        default=80,
        show_default=True,
        envvar="ACME_HTTP_01_PORT",
        show_envvar=True,
        help="Where it listens, and where --check looks.",
    ),
    click.option("--http-01-address", metavar="ADDRESS", default="", help="Where it listens; else everywhere."),
    click.option("--webroot", is_flag=True, help="Answer http-01 by files of a running web server."),
    click.option(
        "-w",
        "--webroot-path",
        "webroots",
        metavar="[NAME=]DIR",
        multiple=True,
        help="Its document root; implies --webroot.",
    ),
    click.option("--hook", metavar="[DIALECT:]HOOK", help="Answer by a hook: a name or path."),
    click.option("--manual-auth-hook", metavar="COMMAND", help="Answer by a shell command, as certbot runs it."),
    click.option("--manual-cleanup-hook", metavar="COMMAND", help="The command that takes it back."),
    click.option("--preferred-challenges", metavar="LIST", help="Types in order of preference: http, dns."),
)

hooks = group(
    _hooks_dir,
    click.option(
        "--hook-env",
        "hook_env",
        metavar="VARIABLE",
        multiple=True,
        help="A variable that hooks get to see; NAME* for all that begin so.",
    ),
    click.option(
        "--hook-env-file",
        "hook_env_files",
        metavar="FILE",
        multiple=True,
        help="NAME=VALUE lines for hooks, in a file of mode 0600.",
    ),
    click.option(
        "--hook-timeout",
        metavar="SECONDS",
        type=click.FloatRange(1),
        default=300.0,
        show_default=True,
        help="How long a hook may take.",
    ),
)

checks = group(
    click.option(
        "--check",
        type=click.Choice(["skip", "warn", "require"]),
        default="warn",
        show_default=True,
        help="Look before the CA does.",
    ),
    click.option(
        "--check-timeout",
        metavar="SECONDS",
        type=click.FloatRange(0),
        help="How long to look; else 5 for http-01, 120 for dns-01.",
    ),
    click.option("--resolver", metavar="ADDRESS[:PORT]", help="DNS server to ask when looking."),
)

targets = group(
    click.option(
        "--copy",
        "copies",
        metavar="KIND=PATH",
        multiple=True,
        help="Write a file for a service: fullchain, key, cert, chain or combined.",
    ),
    click.option(
        "--deploy-hook",
        "deploy_hooks",
        metavar="COMMAND",
        multiple=True,
        help="Run a shell command with RENEWED_LINEAGE and RENEWED_DOMAINS.",
    ),
    _no_directory_hooks,
    click.option("--deploy", "deploys", metavar="[DIALECT:]HOOK", multiple=True, help="Run the deploy of a hook."),
    click.option(
        "--verify", metavar="HOST:PORT", multiple=True, help="Connect, and compare the certificate that is served."
    ),
    lock_timeout,
)

frame = group(
    click.option(
        "--pre-hook",
        "pre_hooks",
        metavar="COMMAND",
        multiple=True,
        help="Run a shell command before the first certificate is tried.",
    ),
    click.option(
        "--post-hook",
        "post_hooks",
        metavar="COMMAND",
        multiple=True,
        help="Run one after the last, with RENEWED_DOMAINS and FAILED_DOMAINS.",
    ),
)

hook_work = group(
    click.option("-d", "--domain", "domains", metavar="NAME", multiple=True, help="The name to prove control of."),
    click.option("--type", type=click.Choice(["http-01", "dns-01"]), help="Challenge type; else the hook's first."),
    click.option("--record-name", metavar="NAME", help="Where the TXT record goes; else _acme-challenge.NAME."),
    click.option("--auth-output", metavar="TEXT", help="What auth wrote, for cleanup."),
    click.option("--cert-name", metavar="LINEAGE", help="The certificate to deploy."),
    click.option("--dry-run", is_flag=True, help="Print what would be run or cleaned up, and do nothing."),
    click.option("--probe", is_flag=True, help="Let lint run scripts too, with a call that they are to ignore."),
    click.option("--all", is_flag=True, help="Sweep what later commands of a pipeline may still want, too."),
    click.option("--forget", is_flag=True, help="Give up on what sweep would clean up."),
    click.option(
        "--format",
        type=click.Choice(["text", "json", "tap"]),
        default="text",
        show_default=True,
        help="Lines for people, or JSON, one object a line; those of test are TAP.",
    ),
    click.option("--deploy", is_flag=True, help="Test deploy too, with a certificate that nobody trusts."),
    click.option("--resolver", metavar="ADDRESS[:PORT]", help="DNS server to ask when test looks."),
    click.option(
        "--check-timeout",
        metavar="SECONDS",
        type=click.FloatRange(0),
        help="How long test looks for a proof; else 5 for http-01, 120 for dns-01.",
    ),
    click.option("--connect", metavar="HOST:PORT", help="Where test finds the web server; else at the name."),
    click.option(
        "--http-01-port",
        metavar="PORT",
        type=click.IntRange(1, 65535),
        default=80,
        show_default=True,
        envvar="ACME_HTTP_01_PORT",
        show_envvar=True,
        help="Port of the name's web server.",
    ),
    click.option("--listen", metavar="HOST:PORT", help="Where serve listens; TLS is for a reverse proxy to add."),
    click.option("--credentials", metavar="FILE", help="USER:PASSWORD that serve asks for, in a file of mode 0600."),
)

directories = group(_hooks_dir, _no_directory_hooks)
