"""The shell side: options, streams, messages, signals. The only place that knows click and stdio."""
