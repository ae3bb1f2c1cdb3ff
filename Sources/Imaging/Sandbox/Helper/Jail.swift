import CSandbox
import Foundation

/// The steps by which a helper gives up what a decoder has no business with.
enum Jail {
    struct Failure: Error, CustomStringConvertible {
        var step: String
        var code: Int32
        var description: String { "\(step): \(String(cString: strerror(code)))" }
    }

    /// Confines this process and all its children: no file, no network, no new rights, nothing to read from outside.
    static func close() throws(Failure) -> Confinement {
        try check("no new privileges", sb_prctl(PR_SET_NO_NEW_PRIVS, 1))
        try check("not dumpable", sb_prctl(PR_SET_DUMPABLE, 0))
        let landlock = sb_landlock()
        try check("Landlock", landlock)
        return Confinement(landlock: landlock, filter: sb_has_filter() != 0)
    }

    /// Confines a child that is about to see a stranger's file to its memory and its open descriptors, for good.
    /// - Parameters:
    ///   - seconds: Of processor time.
    ///   - memory: Bytes of data until the header is known, and ever.
    static func lock(seconds: Double, memory: (first: Int, ever: Int), _ confinement: Confinement) throws(Failure) {
        try check("death with the parent", sb_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL)))
        let cpu = Int(min(seconds, 1e6).rounded(.up)) + 5
        let limits: [(__rlimit_resource, Int, Int)] = [
            (RLIMIT_CPU, cpu, cpu + 1), (RLIMIT_FSIZE, 0, 0), (RLIMIT_CORE, 0, 0), (RLIMIT_NOFILE, 16, 16),
            (__RLIMIT_MEMLOCK, 0, 0), (RLIMIT_DATA, memory.first, memory.ever),
        ]
        for (resource, soft, hard) in limits { try limit(resource, soft, hard) }
        if confinement.filter { try check("filter of system calls", sb_filter()) }
    }

    /// Sets the final limit of memory.
    static func limit(memory bytes: Int) throws(Failure) { try limit(RLIMIT_DATA, bytes, bytes) }

    private static func limit(_ resource: __rlimit_resource, _ soft: Int, _ hard: Int) throws(Failure) {
        try check("limits", sb_limit(Int32(resource.rawValue), UInt(soft), UInt(hard)))
    }

    private static func check(_ step: String, _ result: Int32) throws(Failure) {
        if result < 0 { throw Failure(step: step, code: errno) }
    }

    /// The `errno` of everything forbidden, tried from inside.
    static func probe() -> [String: Int32] {
        [
            "read a file": sb_try_open("/etc/passwd", O_RDONLY), "list a folder": sb_try_open("/", O_RDONLY),
            "write a file": sb_try_open("/tmp/autochrome-probe", O_WRONLY | O_CREAT),
            "open its memory": sb_try_open("/proc/self/mem", O_RDWR), "internet socket": sb_try_socket(AF_INET),
            "local socket": sb_try_socket(AF_UNIX), "netlink socket": sb_try_socket(AF_NETLINK),
            "execute": sb_try_execute("/bin/true"), "fork": sb_try_fork(), "signal": sb_try_kill(getppid()),
            "trace": sb_try_trace(getppid()), "limit another": sb_try_limit(getppid()), "make code": sb_try_code(),
        ]
    }
}
