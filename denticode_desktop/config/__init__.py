"""Where things live, this computer's settings, logs without patient data, the real clock."""
