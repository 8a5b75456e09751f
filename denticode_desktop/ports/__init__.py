"""What services need from outside: Protocols whose docstrings are the contract."""
