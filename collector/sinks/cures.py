"""What helps when a file cannot be opened or written, for the sentence in the log."""

import errno

_CURES = {
    errno.EACCES: "`collector check-config --user NAME`, with the user of the service, names the right that is missing",
    errno.EPERM: "look whether it may only be read: `lsattr`",
    errno.EROFS: "mount it writable, or, under systemd, add its folder to ReadWritePaths=",
    errno.ENOTDIR: "a file stands where a folder of its path should be: move it away",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`, LimitNOFILE=), or lower max_files",
    errno.ENFILE: "raise the limit of open files of the system: `sysctl fs.file-max`",
    errno.ENAMETOOLONG: "shorten the path; `truncate` shortens a field in it",
    errno.EIO: "look after the disk: `dmesg`",
    errno.ESTALE: "mount it again",
}


def cure(error: OSError) -> str | None:
    return _CURES.get(error.errno or 0)
