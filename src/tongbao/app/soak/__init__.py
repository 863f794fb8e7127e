"""`tongbao soak`: real processes under SIGKILL, SIGSTOP and broken lines, then the proof."""
