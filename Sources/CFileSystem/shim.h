#ifndef AUTOCHROME_CFILESYSTEM_SHIM_H
#define AUTOCHROME_CFILESYSTEM_SHIM_H

#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// Swift does not import variadic functions, syscall among them.

static inline int rename_with_flags(int from_directory, const char *from, int to_directory, const char *to,
                                    unsigned int flags) {
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

/// Has the system begin to write a file to the disk, without waiting for it.
static inline void begin_writeback(int descriptor) {
    const unsigned int write = 2; // SYNC_FILE_RANGE_WRITE
    syscall(SYS_sync_file_range, descriptor, 0L, 0L, write);
}

/// A counter that poll(2) can wait for, as a descriptor, or -1.
static inline int event_counter(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/// The magic number of the file system a descriptor lies on, or 0.
static inline uint32_t file_system_type(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (uint32_t)status.f_type : 0;
}

#endif
