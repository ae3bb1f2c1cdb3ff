import Foundation
import Imaging

/// The table of `docs/metadata.md`, which says what is changed and left out.
struct MetadataTable {
    private let rows: [(patterns: [String], formats: Set<String>)]

    init() throws {
        let text = try String(contentsOfFile: Repository.root + "/docs/metadata.md", encoding: .utf8)
        let lines = text.split(separator: "\n").drop { !$0.hasPrefix("## What is kept") }
        rows = lines.filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let names = cells[0].split(separator: "`").map(String.init).filter { $0.contains(":") }
            return (
                names, Set(cells[1].lowercased().split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
            )
        }
        precondition(rows.count > 20, "docs/metadata.md has another form")
    }

    /// The patterns of names that need not be the same in a format.
    func patterns(_ format: OutputFormat) -> [String] {
        rows.filter { $0.formats.contains("all") || $0.formats.contains(format.rawValue) }.flatMap(\.patterns)
    }

    static func matches(_ name: String, _ pattern: String) -> Bool { fnmatch(pattern, name, 0) == 0 }

    /// Whether a name is not one of the metadata: of the file, or computed from others.
    static func isAboutTheFile(_ name: String) -> Bool {
        if name == "SourceFile" { return true }
        let group = name.prefix { $0 != ":" }
        return ["ExifTool", "System", "Composite"].contains(group) || group == "File" && name != "File:Comment"
    }
}
