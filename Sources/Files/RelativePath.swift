import Foundation

/// A path relative to a spool folder, of any bytes that the file system allows.
///
/// Names may hold newlines, spaces and invalid UTF-8. Components are separated by one `/` each; none is empty, `.` or
/// `..`, and none holds a NUL, so that a path never leads out of its folder. The empty path is the folder itself.
package struct RelativePath: Hashable, Sendable {
    package let bytes: [UInt8]

    /// The folder itself.
    package static let root = RelativePath(unchecked: [])

    /// The path of these bytes, or nil where it could lead out of its folder.
    package init?(bytes: [UInt8]) {
        guard !bytes.contains(0) else { return nil }
        if !bytes.isEmpty {
            for component in bytes.split(separator: Self.slash, omittingEmptySubsequences: false)
            where component.isEmpty || component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) {
                return nil
            }
        }
        self.bytes = bytes
    }

    /// The path of a string, or nil where it could lead out of its folder.
    package init?(_ string: String) {
        self.init(bytes: Array(string.utf8))
    }

    private init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    private static let slash = UInt8(ascii: "/")

    package var isRoot: Bool { bytes.isEmpty }

    /// The names from the folder down.
    package var components: [ArraySlice<UInt8>] {
        bytes.split(separator: Self.slash)
    }

    /// The last name; empty for the root.
    package var name: ArraySlice<UInt8> {
        guard let slash = bytes.lastIndex(of: Self.slash) else { return bytes[...] }
        return bytes[(slash + 1)...]
    }

    /// The folder that holds this; the root's is the root.
    package var parent: RelativePath {
        guard let slash = bytes.lastIndex(of: Self.slash) else { return .root }
        return RelativePath(unchecked: Array(bytes[..<slash]))
    }

    /// The last name without its extension.
    package var stem: ArraySlice<UInt8> {
        let name = name
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return name }
        return name[..<dot]
    }

    /// The extension of the last name with its dot; empty where there is none.
    package var suffix: ArraySlice<UInt8> {
        let name = name
        return name[(name.startIndex + stem.count)...]
    }

    /// The path of a name within this.
    package func appending(_ name: some Sequence<UInt8>) -> RelativePath {
        var joined = bytes
        if !joined.isEmpty { joined.append(Self.slash) }
        joined.append(contentsOf: name)
        guard let path = RelativePath(bytes: joined) else {
            preconditionFailure("not a name: \(String(decoding: joined, as: UTF8.self))")
        }
        return path
    }

    /// The path of a name within this.
    package func appending(_ name: String) -> RelativePath {
        appending(name.utf8)
    }

    /// Whether this lies anywhere below a folder.
    package func isInside(_ folder: RelativePath) -> Bool {
        if folder.isRoot { return !isRoot }
        return bytes.count > folder.bytes.count && bytes[folder.bytes.count] == Self.slash
            && bytes.starts(with: folder.bytes)
    }
}

extension RelativePath: Comparable {
    package static func < (left: RelativePath, right: RelativePath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension ArraySlice<UInt8> {
    /// Calls a function with these bytes as a C string.
    package func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        var terminated = [CChar]()
        terminated.reserveCapacity(count + 1)
        for byte in self { terminated.append(CChar(bitPattern: byte)) }
        terminated.append(0)
        return try terminated.withUnsafeBufferPointer { try body($0.baseAddress!) }
    }
}
