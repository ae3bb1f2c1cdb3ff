import Files
import Foundation

/// The names of the inbox that the intake ignores.
package struct IgnoreRules: Sendable {
    private let globs: [String]

    /// Folders that other programs keep for themselves, none of them hidden.
    private static let folders: Set<[UInt8]> = Set(["@eaDir", "#recycle", "lost+found"].map { Array($0.utf8) })
    private static let files: Set<[UInt8]> = Set(["thumbs.db", "desktop.ini"].map { Array($0.utf8) })
    private static let endings = ["~", ".part", ".filepart", ".tmp", ".crdownload", ".autochrome.yaml"].map {
        Array($0.utf8)
    }
    private static let beginnings = [".", "~syncthing~"].map { Array($0.utf8) }

    package init(excludes: [String]) {
        globs = excludes
    }

    /// Whether an entry is ignored by its own name and the globs; the folders above it do not matter.
    package func ignores(_ path: RelativePath, isDirectory: Bool) -> Bool {
        let name = path.name
        let lower = name.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 }
        if Self.beginnings.contains(where: name.starts(with:)) { return true }
        if isDirectory {
            if Self.folders.contains(Array(name)) { return true }
        } else if Self.files.contains(lower)
            || Self.endings.contains(where: { lower.suffix($0.count).elementsEqual($0) })
        {
            return true
        }
        return globs.contains { glob in
            let subject = glob.utf8.contains(UInt8(ascii: "/")) ? path.bytes[...] : name
            return subject.withCString { fnmatch(glob, $0, FNM_PATHNAME) } == 0
        }
    }
}
