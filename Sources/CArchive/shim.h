#ifndef AUTOCHROME_CARCHIVE_SHIM_H
#define AUTOCHROME_CARCHIVE_SHIM_H

#include <archive.h>
#include <archive_entry.h>

/// Whether an entry is a file with content of its own; Swift does not import the macros of file types.
static inline int archive_entry_is_plain_file(struct archive_entry *entry) {
    return archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == NULL;
}

#endif
