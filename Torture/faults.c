// Preloaded into the program: makes chosen calls on files below a folder fail, kills the process at one, records them,
// or sets the clock. Everything is asked for through the environment:
//   TORTURE_ROOT    calls on paths below this folder count, others pass
//   TORTURE_CALL    the kind of call to fail, or `any`; see `kinds`
//   TORTURE_NTH     which one of them, from 1; 0 for none
//   TORTURE_ERRNO   the error number; 0 kills the process before the call; -1 cuts a write in half; -2 never
//                   returns
//   TORTURE_FIRED   a file that is made when the fault fires
//   TORTURE_FULL    while this file exists, whatever takes room fails with ENOSPC
//   TORTURE_LOG     every call that counts is appended here: kind, size or flags, path, and other path or @offset
//   TORTURE_OUTSIDE every opening of a file outside TORTURE_ROOT for writing, and every other change, is appended here
//   TORTURE_SECRET  every opening of a file that turns out to lie below this folder is appended to TORTURE_OUTSIDE
//   TORTURE_CLOCK   a file with the seconds to add to the time of day
//   TORTURE_SWAP    a file that is renamed onto TORTURE_ONTO right before that one is renamed or removed, once
//   TORTURE_PLAIN   renames know no rules, as on NFS
//   TORTURE_UNLOCKED  every lock is granted, as those that another machine holds are on NFS
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *root, *kind, *fired, *full, *logfile, *outside, *secret, *clockfile, *swap, *onto;
static int plain, unlocked;
static long nth;
static int fault;
static atomic_long calls;

__attribute__((constructor)) static void start(void) {
    root = getenv("TORTURE_ROOT");
    kind = getenv("TORTURE_CALL");
    fired = getenv("TORTURE_FIRED");
    full = getenv("TORTURE_FULL");
    logfile = getenv("TORTURE_LOG");
    outside = getenv("TORTURE_OUTSIDE");
    secret = getenv("TORTURE_SECRET");
    clockfile = getenv("TORTURE_CLOCK");
    swap = getenv("TORTURE_SWAP");
    onto = getenv("TORTURE_ONTO");
    plain = getenv("TORTURE_PLAIN") != NULL;
    unlocked = getenv("TORTURE_UNLOCKED") != NULL;
    nth = getenv("TORTURE_NTH") ? atol(getenv("TORTURE_NTH")) : 0;
    fault = getenv("TORTURE_ERRNO") ? atoi(getenv("TORTURE_ERRNO")) : 0;
}

// System calls by number, so that nothing here comes back to the functions below.
static void append(const char *file, const char *line) {
    int descriptor = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor < 0) return;
    syscall(SYS_write, descriptor, line, strlen(line));
    syscall(SYS_close, descriptor);
}

static void path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    long count = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path[count < 0 ? 0 : count] = 0;
}

static void path_at(int folder, const char *name, char *path) {
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return;
    }
    if (folder == AT_FDCWD) {
        if (syscall(SYS_getcwd, path, (size_t)PATH_MAX) < 0) path[0] = 0;
    } else {
        path_of(folder, path);
    }
    size_t length = strlen(path);
    snprintf(path + length, PATH_MAX - length, "/%s", name);
}

static int is_below(const char *path) {
    size_t length = root ? strlen(root) : 0;
    return root && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

// What a call does to the disk; but for the first it is a change.
enum { READS, TAKES_ROOM, TAKES_NONE };

// Counts a call; the error number it is to fail with, 0 to let it pass, -1 to cut it in half.
static int judge(const char *name, const char *path, const char *other, int changes, long long size) {
    if (!root) return 0;
    if (!is_below(path) && !(other && is_below(other))) {
        // Memory that has a name is no file.
        if (outside && changes && strncmp(path, "/dev/", 5) != 0 && strncmp(path, "/proc/", 6) != 0 &&
            strncmp(path, "/memfd:", 7) != 0 && path[0] == '/') {
            char line[PATH_MAX * 2];
            snprintf(line, sizeof line, "%s %s\n", name, path);
            append(outside, line);
        }
        return 0;
    }
    if (outside && other && other[0] == '/' && (!is_below(other) || !is_below(path))) append(outside, "a rename across the border\n");
    if (logfile) {
        char line[PATH_MAX * 2 + 64];
        snprintf(line, sizeof line, "%s\t%lld\t%s\t%s\n", name, size, path, other ? other : "");
        append(logfile, line);
    }
    // A second try finds no file to rename.
    if (swap && onto && strcmp(path, onto) == 0 && (strcmp(name, "rename") == 0 || strcmp(name, "unlink") == 0))
        syscall(SYS_renameat2, AT_FDCWD, swap, AT_FDCWD, onto, 0);
    if (full && changes == TAKES_ROOM && syscall(SYS_faccessat, AT_FDCWD, full, F_OK) == 0) return ENOSPC;
    if (!kind || nth == 0 || (strcmp(kind, "any") != 0 && strcmp(kind, name) != 0)) return 0;
    if (strcmp(kind, "any") == 0 && !changes) return 0;
    if (atomic_fetch_add(&calls, 1) + 1 != nth) return 0;
    if (fired) {
        char line[PATH_MAX + 64];
        snprintf(line, sizeof line, "%s %s\n", name, path);
        append(fired, line);
    }
    if (fault == 0) kill(getpid(), SIGKILL);
    while (fault == -2) pause();
    return fault;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(real))dlsym(RTLD_NEXT, #name)

#define FAIL_IF(code) \
    do { \
        int verdict = (code); \
        if (verdict) { \
            errno = verdict < 0 ? ENOSPC : verdict; \
            return -1; \
        } \
    } while (0)

static int judge_descriptor(const char *name, int descriptor, int changes, long long size) {
    if (!root) return 0;
    char path[PATH_MAX];
    path_of(descriptor, path);
    return judge(name, path, NULL, changes, size);
}

// What is written over what a file holds takes no room, nor what still fits into its last block.
static int takes(int descriptor, long long count, long long offset) {
    struct stat status;
    int flags = fcntl(descriptor, F_GETFL);
    if (offset < 0) offset = flags & O_APPEND ? LLONG_MAX - count : lseek(descriptor, 0, SEEK_CUR);
    if (fstat(descriptor, &status) < 0) return TAKES_ROOM;
    return offset >= 0 && offset + count <= (status.st_size + 4095) / 4096 * 4096 ? TAKES_NONE : TAKES_ROOM;
}

static int judge_write(int descriptor, long long count, long long offset) {
    if (!root) return 0;
    char path[PATH_MAX], at[32];
    path_of(descriptor, path);
    snprintf(at, sizeof at, "@%lld", offset);
    return judge("write", path, offset < 0 ? NULL : at, takes(descriptor, count, offset), count);
}

static int judge_open(int folder, const char *name, int flags) {
    if (!root) return 0;
    char path[PATH_MAX];
    path_at(folder, name, path);
    int changes = flags & O_CREAT ? TAKES_ROOM : flags & O_TRUNC || (flags & O_ACCMODE) != O_RDONLY ? TAKES_NONE : READS;
    return judge(flags & O_CREAT ? "create" : "open", path, NULL, changes, flags);
}

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list list; \
        va_start(list, flags); \
        mode = va_arg(list, mode_t); \
        va_end(list); \
    }

// By the descriptor, whatever links led there.
static int opened(int descriptor) {
    if (!secret || !outside || descriptor < 0) return descriptor;
    int code = errno;
    char path[PATH_MAX], line[PATH_MAX + 16];
    path_of(descriptor, path);
    if (strncmp(path, secret, strlen(secret)) == 0) {
        snprintf(line, sizeof line, "opened %s\n", path);
        append(outside, line);
    }
    errno = code;
    return descriptor;
}

#define OPEN(function) \
    int function(const char *name, int flags, ...) { \
        REAL(function); \
        MODE \
        FAIL_IF(judge_open(AT_FDCWD, name, flags)); \
        return opened(real(name, flags, mode)); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(function) \
    int function(int folder, const char *name, int flags, ...) { \
        REAL(function); \
        MODE \
        FAIL_IF(judge_open(folder, name, flags)); \
        return opened(real(folder, name, flags, mode)); \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(function) \
    FILE *function(const char *name, const char *how) { \
        REAL(function); \
        int flags = how[0] == 'r' && !strchr(how, '+') ? O_RDONLY : O_WRONLY | O_CREAT; \
        int failure = judge_open(AT_FDCWD, name, flags); \
        if (failure) { \
            errno = failure < 0 ? ENOSPC : failure; \
            return NULL; \
        } \
        return real(name, how); \
    }
FOPEN(fopen)
FOPEN(fopen64)

int mkstemp(char *name) {
    REAL(mkstemp);
    FAIL_IF(judge_open(AT_FDCWD, name, O_CREAT | O_RDWR));
    return real(name);
}
int mkostemp(char *name, int flags) {
    REAL(mkostemp);
    FAIL_IF(judge_open(AT_FDCWD, name, O_CREAT | O_RDWR));
    return real(name, flags);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    REAL(write);
    int failure = judge_write(descriptor, count, -1);
    if (failure == -1 && count > 1) return real(descriptor, bytes, count / 2);
    FAIL_IF(failure);
    return real(descriptor, bytes, count);
}
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    REAL(writev);
    FAIL_IF(judge_descriptor("write", descriptor, TAKES_ROOM, count));
    return real(descriptor, parts, count);
}

#define PWRITE(function) \
    ssize_t function(int descriptor, const void *bytes, size_t count, __typeof__((off_t)0) offset) { \
        REAL(function); \
        FAIL_IF(judge_write(descriptor, count, offset)); \
        return real(descriptor, bytes, count, offset); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t read(int descriptor, void *bytes, size_t count) {
    REAL(read);
    FAIL_IF(judge_descriptor("read", descriptor, READS, count));
    return real(descriptor, bytes, count);
}
#define PREAD(function) \
    ssize_t function(int descriptor, void *bytes, size_t count, off_t offset) { \
        REAL(function); \
        FAIL_IF(judge_descriptor("read", descriptor, READS, count)); \
        return real(descriptor, bytes, count, offset); \
    }
PREAD(pread)
PREAD(pread64)

#define ON_DESCRIPTOR(function, name) \
    int function(int descriptor) { \
        REAL(function); \
        FAIL_IF(judge_descriptor(name, descriptor, TAKES_NONE, 0)); \
        return real(descriptor); \
    }
ON_DESCRIPTOR(fsync, "fsync")
ON_DESCRIPTOR(fdatasync, "fsync")

int close(int descriptor) {
    REAL(close);
    // The descriptor is gone whatever close says.
    int failure = judge_descriptor("close", descriptor, READS, 0);
    int result = real(descriptor);
    FAIL_IF(failure);
    return result;
}

#define TRUNCATE(function) \
    int function(int descriptor, off_t size) { \
        REAL(function); \
        FAIL_IF(judge_descriptor("ftruncate", descriptor, TAKES_ROOM, size)); \
        return real(descriptor, size); \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

static int judge_path(const char *call, int folder, const char *name) {
    if (!root) return 0;
    char path[PATH_MAX];
    path_at(folder, name, path);
    return judge(call, path, NULL, strcmp(call, "unlink") == 0 ? TAKES_NONE : TAKES_ROOM, 0);
}
static int judge_paths(const char *call, int folder, const char *name, int folder2, const char *name2, long long size) {
    if (!root) return 0;
    char path[PATH_MAX], path2[PATH_MAX];
    path_at(folder, name, path);
    path_at(folder2, name2, path2);
    return judge(call, path, path2, TAKES_ROOM, size);
}

int mkdir(const char *name, mode_t mode) {
    REAL(mkdir);
    FAIL_IF(judge_path("mkdir", AT_FDCWD, name));
    return real(name, mode);
}
int mkdirat(int folder, const char *name, mode_t mode) {
    REAL(mkdirat);
    FAIL_IF(judge_path("mkdir", folder, name));
    return real(folder, name, mode);
}
int unlink(const char *name) {
    REAL(unlink);
    FAIL_IF(judge_path("unlink", AT_FDCWD, name));
    return real(name);
}
int unlinkat(int folder, const char *name, int flags) {
    REAL(unlinkat);
    FAIL_IF(judge_path("unlink", folder, name));
    return real(folder, name, flags);
}
int rmdir(const char *name) {
    REAL(rmdir);
    FAIL_IF(judge_path("unlink", AT_FDCWD, name));
    return real(name);
}
int rename(const char *name, const char *name2) {
    REAL(rename);
    FAIL_IF(judge_paths("rename", AT_FDCWD, name, AT_FDCWD, name2, 0));
    return real(name, name2);
}
int renameat(int folder, const char *name, int folder2, const char *name2) {
    REAL(renameat);
    FAIL_IF(judge_paths("rename", folder, name, folder2, name2, 0));
    return real(folder, name, folder2, name2);
}
int renameat2(int folder, const char *name, int folder2, const char *name2, unsigned flags) {
    REAL(renameat2);
    FAIL_IF(judge_paths("rename", folder, name, folder2, name2, flags));
    return real(folder, name, folder2, name2, flags);
}
int linkat(int folder, const char *name, int folder2, const char *name2, int flags) {
    REAL(linkat);
    FAIL_IF(judge_paths("link", folder, name, folder2, name2, 0));
    return real(folder, name, folder2, name2, flags);
}

// Some callers go around the C library's functions.
long syscall(long number, ...) {
    static long (*real)(long, ...);
    if (!real) real = dlsym(RTLD_NEXT, "syscall");
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_renameat2 && plain && a[4] != 0) {
        errno = EINVAL;
        return -1;
    }
    if (number == SYS_renameat2)
        FAIL_IF(judge_paths("rename", a[0], (const char *)a[1], a[2], (const char *)a[3], a[4]));
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int flock(int descriptor, int operation) {
    REAL(flock);
    return unlocked ? 0 : real(descriptor, operation);
}

static long shift(void) {
    char text[32] = {0};
    if (!clockfile) return 0;
    int descriptor = syscall(SYS_openat, AT_FDCWD, clockfile, O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return 0;
    syscall(SYS_read, descriptor, text, sizeof text - 1);
    syscall(SYS_close, descriptor);
    return atol(text);
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(clock_gettime);
    int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += shift();
    return result;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    REAL(gettimeofday);
    int result = real(time, zone);
    if (result == 0) time->tv_sec += shift();
    return result;
}
