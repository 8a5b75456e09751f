"""Owner-only access lists on Windows, by the system's own calls; empty elsewhere.

The list is protected (inherits nothing) and grants full control to the current user and to SYSTEM, which backs up.
"""

import sys

if sys.platform == "win32":
    import ctypes
    from collections.abc import Iterator
    from contextlib import contextmanager
    from ctypes import wintypes
    from pathlib import Path

    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.GetCurrentProcess.restype = wintypes.HANDLE
    _kernel32.CloseHandle.argtypes = [wintypes.HANDLE]
    _kernel32.LocalFree.argtypes = [ctypes.c_void_p]
    _advapi32.OpenProcessToken.argtypes = [wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE)]
    _advapi32.GetTokenInformation.argtypes = [
        wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD, ctypes.POINTER(wintypes.DWORD),
    ]  # fmt: skip
    _advapi32.ConvertSidToStringSidW.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
    _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW.argtypes = [
        wintypes.LPCWSTR, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(wintypes.DWORD),
    ]  # fmt: skip
    _advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW.argtypes = [
        ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p),
        ctypes.POINTER(wintypes.DWORD),
    ]  # fmt: skip
    _advapi32.GetSecurityDescriptorDacl.argtypes = [
        ctypes.c_void_p, ctypes.POINTER(wintypes.BOOL), ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(wintypes.BOOL),
    ]  # fmt: skip
    _advapi32.SetNamedSecurityInfoW.argtypes = [
        wintypes.LPCWSTR, ctypes.c_int, wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
        ctypes.c_void_p,
    ]  # fmt: skip
    _advapi32.SetFileSecurityW.argtypes = [wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p]
    _advapi32.SetNamedSecurityInfoW.restype = wintypes.DWORD
    _advapi32.GetFileSecurityW.argtypes = [
        wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD, ctypes.POINTER(wintypes.DWORD),
    ]  # fmt: skip

    _TOKEN_QUERY = 0x0008
    _TOKEN_USER = 1
    _SDDL_REVISION_1 = 1
    _DACL = 0x00000004
    _PROTECTED_DACL = 0x80000000
    _FILE_OBJECT = 1

    def _check(succeeded: int) -> None:
        if not succeeded:
            raise ctypes.WinError(ctypes.get_last_error())

    def _taken_text(pointer: ctypes.c_void_p) -> str:
        """The text at a pointer that the system allocated, which is given back."""
        try:
            return ctypes.wstring_at(pointer.value or 0)
        finally:
            _kernel32.LocalFree(pointer)

    def user_sid() -> str:
        """`S-1-5-…` of the user this process runs as."""
        token = wintypes.HANDLE()
        _check(_advapi32.OpenProcessToken(_kernel32.GetCurrentProcess(), _TOKEN_QUERY, ctypes.byref(token)))
        try:
            size = wintypes.DWORD()
            _advapi32.GetTokenInformation(token, _TOKEN_USER, None, 0, ctypes.byref(size))
            buffer = ctypes.create_string_buffer(size.value)
            _check(_advapi32.GetTokenInformation(token, _TOKEN_USER, buffer, size, ctypes.byref(size)))
        finally:
            _kernel32.CloseHandle(token)
        sid = ctypes.c_void_p.from_buffer(buffer)  # TOKEN_USER begins with the pointer to the SID
        text = ctypes.c_void_p()
        _check(_advapi32.ConvertSidToStringSidW(sid, ctypes.byref(text)))
        return _taken_text(text)

    @contextmanager
    def _wanted(path: Path) -> Iterator[ctypes.c_void_p]:
        """A security descriptor with the list that the path is to have."""
        inherit = "OICI" if path.is_dir() else ""
        sddl = f"D:P(A;{inherit};FA;;;{user_sid()})(A;{inherit};FA;;;SY)"
        descriptor = ctypes.c_void_p()
        _check(
            _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
                sddl, _SDDL_REVISION_1, ctypes.byref(descriptor), None
            )
        )
        try:
            yield descriptor
        finally:
            _kernel32.LocalFree(descriptor)

    def _as_text(descriptor: ctypes.c_void_p | ctypes.Array[ctypes.c_char]) -> str:
        text = ctypes.c_void_p()
        _check(
            _advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor, _SDDL_REVISION_1, _DACL, ctypes.byref(text), None
            )
        )
        return _taken_text(text)

    def _granted(sddl: str) -> set[str]:
        """Whom a list names; the system writes some SIDs as two letters."""
        return {entry.split(";")[-1].rstrip(")") for entry in sddl.split("(")[1:]}

    def restrict_to_owner(path: Path) -> None:
        """Sets the protected list and reads it back. Raises OSError."""
        with _wanted(path) as descriptor:
            dacl, is_present, is_default = ctypes.c_void_p(), wintypes.BOOL(), wintypes.BOOL()
            _check(
                _advapi32.GetSecurityDescriptorDacl(
                    descriptor, ctypes.byref(is_present), ctypes.byref(dacl), ctypes.byref(is_default)
                )
            )
            code = _advapi32.SetNamedSecurityInfoW(
                str(path), _FILE_OBJECT, _DACL | _PROTECTED_DACL, None, None, dacl, None
            )
            if code:
                raise ctypes.WinError(code)
            if not is_owner_only(path):
                # WORKAROUND: Wine mixes the folder's rights in here and only here; the older call takes the list as
                # it is. It can go when nobody runs the program under Wine.
                _check(_advapi32.SetFileSecurityW(str(path), _DACL | _PROTECTED_DACL, descriptor))
        if not is_owner_only(path):
            raise PermissionError("others keep their rights")

    def access_list(path: Path) -> str:
        """The list in SDDL, such as `D:P(A;;FA;;;S-1-5-…)`. Raises OSError."""
        size = wintypes.DWORD()
        _advapi32.GetFileSecurityW(str(path), _DACL, None, 0, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        _check(_advapi32.GetFileSecurityW(str(path), _DACL, buffer, size, ctypes.byref(size)))
        return _as_text(buffer)

    def is_owner_only(path: Path) -> bool:
        """Whether the list names somebody, and nobody but the user and SYSTEM. Raises OSError."""
        with _wanted(path) as descriptor:
            wanted = _granted(_as_text(descriptor))
        found = _granted(access_list(path))
        return bool(found) and found <= wanted
