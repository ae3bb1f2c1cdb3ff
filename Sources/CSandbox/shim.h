/* What Linux offers to confine a process, under fixed signatures: these calls are macros, have variable arguments or
 * no wrapper in the C library.
 *
 * Every function returns -1 and sets errno on failure unless it says otherwise.
 */
#ifndef AUTOCHROME_CSANDBOX_SHIM_H
#define AUTOCHROME_CSANDBOX_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Newer than some of the headers this is built with. */
#define SB_LANDLOCK_CREATE_RULESET 444
#define SB_LANDLOCK_RESTRICT_SELF 446
#define SB_MFD_CLOEXEC 1u
#define SB_MFD_ALLOW_SEALING 2u
#define SB_F_ADD_SEALS 1033
#define SB_SEAL_SEAL 1
#define SB_SEAL_SHRINK 2
#define SB_SEAL_GROW 4

/* Processes ----------------------------------------------------------------------------------------------- */

/* Swift hides fork, which is safe only while the process has no other thread. */
static inline pid_t sb_fork(void) { return fork(); }

/* Makes orphans among this process's descendants its own children, instead of the first process's. */
static inline int sb_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

/* Closes every descriptor from the given one on in a process to be spawned. Returns an errno.
 *
 * The C library has it since 2.34, and declares it only with extensions that change other declarations. */
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
static inline int sb_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

/* Waits for a child. Returns its status as wait(2) has it. */
static inline int sb_wait(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

/* The signal that ended a process of this status, or 0. */
static inline int sb_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

/* The code a process of this status ended with. */
static inline int sb_code(int status) { return WEXITSTATUS(status); }

static inline int sb_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

static inline int sb_limit(int resource, unsigned long soft, unsigned long hard) {
    struct rlimit limit = { soft, hard };
    return setrlimit(resource, &limit);
}

/* Shared memory ------------------------------------------------------------------------------------------- */

/* Memory of a size that nobody can change any more, as a descriptor. */
static inline int sb_memory(const char *name, off_t size) {
    int memory = (int) syscall(SYS_memfd_create, name, SB_MFD_CLOEXEC | SB_MFD_ALLOW_SEALING);
    if (memory < 0)
        return -1;
    if (ftruncate(memory, size) ||
        fcntl(memory, SB_F_ADD_SEALS, SB_SEAL_SHRINK | SB_SEAL_GROW | SB_SEAL_SEAL)) {
        int reason = errno;
        close(memory);
        errno = reason;
        return -1;
    }
    return memory;
}

/* Messages ------------------------------------------------------------------------------------------------ */

#define SB_MOST_DESCRIPTORS 4

/* Sends one message, and descriptors with it. Returns its length. */
static inline ssize_t sb_send(int channel, const void *data, size_t length, const int *descriptors, int count) {
    struct iovec part = { (void *) data, length };
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(SB_MOST_DESCRIPTORS * sizeof(int))];
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (count > SB_MOST_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    if (count > 0) {
        memset(control, 0, sizeof control);
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE((size_t) count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t) count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t) count * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(channel, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

/* Receives one message and up to `most` descriptors with it, whose number is left in `count`; any further ones are
 * dropped by the kernel. Returns its length, 0 at the end. A message longer than `capacity` fails with EMSGSIZE. */
static inline ssize_t sb_receive(int channel, void *data, size_t capacity, int *descriptors, int most, int *count) {
    struct iovec part = { data, capacity };
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(SB_MOST_DESCRIPTORS * sizeof(int))];
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    *count = 0;
    if (most > SB_MOST_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    if (most > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_LEN((size_t) most * sizeof(int));
    }
    ssize_t length;
    do
        length = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        *count = (int) ((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(descriptors, CMSG_DATA(header), (size_t) *count * sizeof(int));
    }
    if (message.msg_flags & MSG_TRUNC) {
        while (*count > 0)
            close(descriptors[--*count]);
        errno = EMSGSIZE;
        return -1;
    }
    return length;
}

/* Confinement --------------------------------------------------------------------------------------------- */

/* Forbids this process and its children every path, network connection and signal to others that the kernel's Landlock
 * covers. Returns Landlock's version, or 0 where there is none or a service manager's filter
 * of system calls keeps it from us. */
static inline int sb_landlock(void) {
    struct { uint64_t files, network, scoped; } rules = { 0, 0, 0 };
    int version = (int) syscall(SB_LANDLOCK_CREATE_RULESET, NULL, 0, 1u);
    if (version < 1)
        return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -1;
    rules.files = (1u << (version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13)) - 1;
    rules.network = version >= 4 ? 3 : 0;
    rules.scoped = version >= 6 ? 3 : 0;
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    int set = (int) syscall(SB_LANDLOCK_CREATE_RULESET, &rules, size, 0u);
    if (set < 0)
        return -1;
    int result = (int) syscall(SB_LANDLOCK_RESTRICT_SELF, set, 0u);
    close(set);
    return result ? -1 : version;
}

/* Whether the kernel can filter system calls. */
static inline int sb_has_filter(void) {
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

#if defined(__x86_64__)
#define SB_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SB_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the filter of system calls does not know this processor"
#endif

#define SB_LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SB_RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define SB_REFUSE(code) SB_RETURN(SECCOMP_RET_ERRNO | (code))
#define SB_ALLOW(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), SB_RETURN(SECCOMP_RET_ALLOW)
/* Allows a call whose argument, its lower half, has none of these bits. */
#define SB_ALLOW_WITHOUT(call, argument, bits) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 4), SB_LOAD(args[argument]), \
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1), SB_REFUSE(EPERM), SB_RETURN(SECCOMP_RET_ALLOW)
/* Allows a call whose argument, its lower half, has this value. */
#define SB_ALLOW_IF(call, argument, value) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 4), SB_LOAD(args[argument]), \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0), SB_REFUSE(EPERM), SB_RETURN(SECCOMP_RET_ALLOW)

/* Allows a call whose argument, its lower half, has one of these bits. */
#define SB_ALLOW_WITH(call, argument, bits) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 4), SB_LOAD(args[argument]), \
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0), SB_REFUSE(EPERM), SB_RETURN(SECCOMP_RET_ALLOW)

/* Leaves this process memory, threads, its open descriptors and the clock; every other system call fails with EPERM. */
static inline int sb_filter(void) {
    struct sock_filter rules[] = {
        SB_LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SB_ARCHITECTURE, 1, 0),
        SB_RETURN(SECCOMP_RET_KILL_PROCESS),
        SB_LOAD(nr),
#if defined(__x86_64__)
        /* The numbers of the x32 ABI. */
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
        SB_RETURN(SECCOMP_RET_KILL_PROCESS),
#endif
        /* Descriptors that are open. */
        SB_ALLOW(read), SB_ALLOW(pread64), SB_ALLOW(write), SB_ALLOW(lseek), SB_ALLOW(close), SB_ALLOW(fstat),
        SB_ALLOW_IF(newfstatat, 3, 0x1000 /* AT_EMPTY_PATH: what fstat is made of */),
        SB_ALLOW(recvmsg), SB_ALLOW(sendmsg),
        /* Memory, which never becomes code. */
        SB_ALLOW(brk), SB_ALLOW(munmap), SB_ALLOW(mremap), SB_ALLOW(madvise),
        SB_ALLOW_WITHOUT(mmap, 2, PROT_EXEC), SB_ALLOW_WITHOUT(mprotect, 2, PROT_EXEC),
        /* Itself. */
        SB_ALLOW(futex), SB_ALLOW(rt_sigaction), SB_ALLOW(rt_sigprocmask), SB_ALLOW(rt_sigreturn),
        SB_ALLOW(sigaltstack), SB_ALLOW(restart_syscall), SB_ALLOW(getpid), SB_ALLOW(gettid), SB_ALLOW(getrandom),
        SB_ALLOW(sched_yield), SB_ALLOW(getrusage), SB_ALLOW_IF(prlimit64, 0, 0), SB_ALLOW(exit), SB_ALLOW(exit_group),
        /* Threads, which libvips decodes some formats on, but no processes. The arguments of clone3 cannot be seen; without
         * it the C library uses clone. */
        SB_ALLOW_WITH(clone, 0, 0x10000 /* CLONE_THREAD */),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 435 /* clone3 */, 0, 1), SB_REFUSE(ENOSYS),
        SB_ALLOW(set_robust_list), SB_ALLOW(rseq), SB_ALLOW_IF(prctl, 0, PR_SET_NAME),
        /* Time. */
        SB_ALLOW(clock_gettime), SB_ALLOW(clock_getres), SB_ALLOW(clock_nanosleep), SB_ALLOW(nanosleep),
        SB_ALLOW(gettimeofday),
        SB_REFUSE(EPERM),
    };
    struct sock_fprog program = { sizeof rules / sizeof rules[0], rules };
    return (int) syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* Tries what is forbidden, each by its system call. Returns 0 if it worked, and its errno if it did not. */
static inline int sb_try_open(const char *path, int flags) {
    return syscall(SYS_openat, AT_FDCWD, path, flags, 0600) < 0 ? errno : 0;
}
static inline int sb_try_socket(int family) { return syscall(SYS_socket, family, SOCK_STREAM, 0) < 0 ? errno : 0; }
static inline int sb_try_execute(const char *path) {
    char *arguments[] = { (char *) path, NULL };
    return syscall(SYS_execve, path, arguments, arguments + 1) < 0 ? errno : 0;
}
static inline int sb_try_fork(void) {
    long child = syscall(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0, 0);
    if (child == 0)
        _exit(0);
    return child < 0 ? errno : 0;
}
static inline int sb_try_kill(pid_t process) { return syscall(SYS_kill, process, 0) < 0 ? errno : 0; }
static inline int sb_try_trace(pid_t process) {
    return syscall(SYS_ptrace, PTRACE_ATTACH, process, 0, 0) < 0 ? errno : 0;
}
static inline int sb_try_limit(pid_t process) {
    struct rlimit limit = { 0, 0 };
    return syscall(SYS_prlimit64, process, RLIMIT_CORE, &limit, NULL) < 0 ? errno : 0;
}
static inline int sb_try_code(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? errno : 0;
}

#endif
