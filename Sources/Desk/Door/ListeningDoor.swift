import Foundation

/// A socket that listens: one that is made here, or one that the service manager passes.
final class ListeningDoor: Sendable {
    /// What a person types into a browser, or the socket's path.
    let address: String
    /// Whether it is a UNIX socket.
    let isSocket: Bool
    private let descriptor: Int32
    /// The file of a UNIX socket that was made here.
    private let file: String?

    private init(_ name: SocketName, descriptor: Int32, file: String? = nil) {
        (address, isSocket) = (name.text, name.isFile)
        (self.descriptor, self.file) = (descriptor, file)
    }

    /// The descriptor, which the caller owns from here on.
    func takeDescriptor() -> Int32 { descriptor }

    /// Removes what others would take for an open door.
    func close() { if let file { unlink(file) } }

    /// Opens the doors: those that were passed, or else the one that the options say.
    ///
    /// - Throws: `DeskStartError` where a door that others can reach has no token, or cannot be opened.
    static func open(_ options: DeskOptions, hasToken: Bool) throws -> [ListeningDoor] {
        let passed = try passed(ProcessInfo.processInfo.environment)
        let doors = passed.isEmpty ? try own(options.place, hasToken) : passed
        for door in doors { try door.check(hasToken) }
        return doors
    }

    private static func own(_ place: DeskOptions.Place, _ hasToken: Bool) throws -> [ListeningDoor] {
        switch place {
        case .socket(let path): return [try ListeningDoor(socket: path)]
        case .address(let host, let port):
            let hosts = host == "localhost" ? ["127.0.0.1", "::1"] : [host]
            guard hosts.allSatisfy(Door.isAddress) else {
                throw DeskStartError.socket("\(host): give an address, or localhost")
            }
            guard hasToken || hosts.allSatisfy(Door.isLoopback) else { throw DeskStartError.tokenNeeded(host) }
            // A machine without IPv6 has one of the two.
            let doors = hosts.compactMap { try? ListeningDoor(address: $0, port: port) }
            return try doors.isEmpty ? [ListeningDoor(address: hosts[0], port: port)] : doors
        }
    }

    /// The sockets that the service manager passes (sd_listen_fds(3)).
    private static func passed(_ environment: [String: String]) throws -> [ListeningDoor] {
        guard environment["LISTEN_PID"].flatMap(Int32.init) == getpid(),
            let count = environment["LISTEN_FDS"].flatMap(Int32.init), (1...64).contains(count)
        else { return [] }
        // Programs that are started from here have no business with them.
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
        let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false)
        return try (3..<3 + count).map { descriptor in
            var (value, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
            guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0, value == 1 else {
                let name = names.flatMap { $0.dropFirst(Int(descriptor) - 3).first } ?? ""
                throw DeskStartError.socket("the passed descriptor \(descriptor) (\(name)) is no listening socket")
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return ListeningDoor(try SocketName(descriptor), descriptor: descriptor)
        }
    }

    /// Throws where others can come in and nobody is asked for a token.
    private func check(_ hasToken: Bool) throws {
        if case .address(let host, _) = try SocketName(descriptor), !hasToken, !Door.isLoopback(host) {
            throw DeskStartError.tokenNeeded(host)
        }
    }

    private convenience init(address: String, port: Int) throws {
        let isSix = address.contains(":")
        let descriptor = socket(
            isSix ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.error("make a socket for", address) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let port = UInt16(port).bigEndian
        var status: Int32
        if isSix {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, socklen_t(MemoryLayout<Int32>.size))
            var name = sockaddr_in6()
            (name.sin6_family, name.sin6_port) = (sa_family_t(AF_INET6), port)
            inet_pton(AF_INET6, address, &name.sin6_addr)
            status = Self.bind(descriptor, name)
        } else {
            var name = sockaddr_in()
            (name.sin_family, name.sin_port) = (sa_family_t(AF_INET), port)
            inet_pton(AF_INET, address, &name.sin_addr)
            status = Self.bind(descriptor, name)
        }
        if status == 0 { status = listen(descriptor, 512) }
        guard status == 0 else {
            defer { Foundation.close(descriptor) }
            throw Self.error("listen at", "\(address):\(UInt16(bigEndian: port))")
        }
        self.init(try SocketName(descriptor), descriptor: descriptor)
    }

    private convenience init(socket path: String) throws {
        var name = sockaddr_un()
        let room = MemoryLayout.size(ofValue: name.sun_path)
        guard !path.isEmpty, path.utf8.count < room, !path.utf8.contains(0) else {
            throw DeskStartError.socket("\(path): a socket's path has at most \(room - 1) bytes")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.error("make a socket for", path) }
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        // A socket that an earlier process left answers nobody; any other file of the name stays.
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK, !Self.answers(name) { unlink(path) }
        // Nobody connects before it listens.
        guard Self.bind(descriptor, name) == 0, chmod(path, 0o660) == 0, listen(descriptor, 512) == 0 else {
            defer { Foundation.close(descriptor) }
            throw Self.error("listen at", path)
        }
        self.init(.file(path), descriptor: descriptor, file: path)
    }

    private static func answers(_ name: sockaddr_un) -> Bool {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { Foundation.close(probe) }
        return withSocketName(name) { connect(probe, $0, $1) } == 0
    }

    private static func bind<Name>(_ descriptor: Int32, _ name: Name) -> Int32 {
        withSocketName(name) { Foundation.bind(descriptor, $0, $1) }
    }

    private static func withSocketName<Name>(
        _ name: Name, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Name>.size)) }
        }
    }

    private static func error(_ operation: String, _ place: String) -> DeskStartError {
        .socket("cannot \(operation) \(place): \(String(cString: strerror(errno)))")
    }
}

/// The name of a socket.
enum SocketName {
    case address(host: String, port: Int)
    case file(String)

    init(_ descriptor: Int32) throws {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard status == 0 else {
            throw DeskStartError.socket("a socket has no name: \(String(cString: strerror(errno)))")
        }
        self = try withUnsafeBytes(of: storage) { bytes in
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            func string() -> String {
                String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
            switch Int32(storage.ss_family) {
            case AF_INET:
                var name = bytes.load(as: sockaddr_in.self)
                inet_ntop(AF_INET, &name.sin_addr, &text, socklen_t(text.count))
                return .address(host: string(), port: Int(UInt16(bigEndian: name.sin_port)))
            case AF_INET6:
                var name = bytes.load(as: sockaddr_in6.self)
                inet_ntop(AF_INET6, &name.sin6_addr, &text, socklen_t(text.count))
                return .address(host: string(), port: Int(UInt16(bigEndian: name.sin6_port)))
            case AF_UNIX:
                let path = bytes.dropFirst(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!).prefix { $0 != 0 }
                return .file(String(decoding: path, as: UTF8.self))
            default:
                throw DeskStartError.socket("a socket is neither of the internet nor a UNIX one")
            }
        }
    }

    var isFile: Bool { if case .file = self { true } else { false } }

    var text: String {
        switch self {
        case .address(let host, let port): host.contains(":") ? "http://[\(host)]:\(port)/" : "http://\(host):\(port)/"
        case .file(let path): path
        }
    }
}
