#ifndef AUTOCHROME_CINOTIFYTOOLS_SHIM_H
#define AUTOCHROME_CINOTIFYTOOLS_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <inotifytools/inotifytools.h>

// The library's header declares functions without prototypes and hides the name at the end of an event; these
// wrappers give Swift plain ones.

static inline int watch_initialize(void) { return inotifytools_initialize(); }

static inline void watch_cleanup(void) { inotifytools_cleanup(); }

static inline int watch_error(void) { return inotifytools_error(); }

static inline const char *watch_event_name(const struct inotify_event *event) {
    return event->len > 0 ? event->name : "";
}

// Swift does not import variadic functions, syscall among them.

static inline int rename_with_flags(int from_directory, const char *from, int to_directory, const char *to,
                                    unsigned int flags) {
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

/// The magic number of the file system a descriptor lies on, or 0.
static inline uint32_t file_system_type(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (uint32_t)status.f_type : 0;
}

#endif
