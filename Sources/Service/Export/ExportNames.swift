import Digest
import Files

/// Names for what is handed over, fit for any system, each given once.
struct ExportNames {
    /// Bytes of a name, with room within 255 for an ending.
    private static let limit = 200

    /// In lower case: some systems do not tell the cases apart.
    private var taken: Set<String> = []

    /// - Parameter places: Of all that is handed over: no file takes the name of a folder on the way to one of them.
    init(_ places: [RelativePath]) {
        for place in places {
            var folder = place.parent
            while !folder.isRoot, taken.insert(Self.key(folder.components.map { Self.portable($0) })).inserted {
                folder = folder.parent
            }
        }
    }

    private static func key(_ components: [String]) -> String { components.joined(separator: "/").lowercased() }

    /// A free place for a file or folder: the wanted one, or one beside it with a number.
    ///
    /// - Parameter suffix: Comes after the number.
    mutating func take(_ wanted: RelativePath, suffix: String = "") -> RelativePath {
        let components = wanted.components.map { Self.portable($0) }
        let folder = components.dropLast()
        for number in 1... {
            let name = (components.last ?? "result") + (number == 1 ? "" : "-\(number)") + suffix
            guard taken.insert(Self.key(folder + [name])).inserted else { continue }
            let path = (folder + [name]).joined(separator: "/")
            guard let place = RelativePath(path) else { preconditionFailure("not a path: \(path)") }
            return place
        }
        preconditionFailure("numbers do not end")
    }

    /// A name as plain text without what other systems refuse; a long one is shortened.
    static func portable(_ name: ArraySlice<UInt8>) -> String {
        let refused: Set<Character> = ["<", ">", ":", "\"", "\\", "|", "?", "*"]
        var text = String(RelativePath.escape(name).map { refused.contains($0) ? "_" : $0 })
        while text.hasSuffix(".") || text.hasSuffix(" ") { text = text.dropLast() + "_" }
        guard text.utf8.count > limit else { return text }
        let hash = ContentHash(of: Array(name)).short
        while text.utf8.count > limit - 9 { text.removeLast() }
        return text + "-" + hash
    }
}
