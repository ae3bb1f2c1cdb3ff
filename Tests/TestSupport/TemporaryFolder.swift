import Foundation

/// A temporary directory that goes with the test, its links resolved.
package final class TemporaryFolder {
    package let path: String

    package init() throws {
        var template = Array((NSTemporaryDirectory() + "/autochrome-test-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil, let resolved = realpath(template, nil) else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
        defer { free(resolved) }
        path = String(cString: resolved)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file, which need not exist.
    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file, making the folders above it, and returns its path.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, _ name: String) throws -> String {
        try write(bytes, Array(name.utf8))
        return file(name)
    }

    @discardableResult
    package func write(_ text: String, _ name: String) throws -> String { try write(text.utf8, name) }

    /// Writes a file whose name may be any bytes.
    package func write(_ bytes: some Sequence<UInt8>, _ name: [UInt8]) throws {
        if let slash = name.lastIndex(of: UInt8(ascii: "/")) {
            try makeFolder(String(decoding: name[..<slash], as: UTF8.self))
        }
        let file = open(Self.cString(path, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        try FileHandle(fileDescriptor: file, closeOnDealloc: true).write(contentsOf: Data(bytes))
    }

    @discardableResult
    package func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        return path + "/" + name
    }

    /// The content of a file whose name may be any bytes.
    package func read(_ name: [UInt8]) -> Data? {
        let file = open(Self.cString(path, name), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        return try? FileHandle(fileDescriptor: file, closeOnDealloc: true).readToEnd() ?? Data()
    }

    package func read(_ name: String) -> Data? { read(Array(name.utf8)) }

    package func exists(_ name: String) -> Bool { access(path + "/" + name, F_OK) == 0 }

    /// Names in a folder, sorted; none where it does not exist.
    package func list(_ name: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + name)) ?? []).sorted()
    }

    /// Every file and folder below one, sorted, hidden ones too.
    package func tree(_ name: String) -> [String] {
        (FileManager.default.enumerator(atPath: path + "/" + name)?.compactMap { $0 as? String } ?? []).sorted()
    }

    /// Moves a file or folder whose name may be any bytes.
    package func rename(_ name: [UInt8], to other: [UInt8]) throws {
        guard Foundation.rename(Self.cString(path, name), Self.cString(path, other)) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
    }

    private static func cString(_ folder: String, _ name: [UInt8]) -> [CChar] {
        (Array(folder.utf8) + [UInt8(ascii: "/")] + name).map { CChar(bitPattern: $0) } + [0]
    }
}
