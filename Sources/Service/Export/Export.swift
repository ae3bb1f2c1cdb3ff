import Colorization
import Digest
import Files
import Foundation
import Spool

/// Hands results over to others: as plain files, as a bag, or for image viewers.
package struct Export {
    package enum Form: Sendable, Equatable {
        /// Pictures in folders.
        case plain
        /// A bag after RFC 8493, with PREMIS.
        case bag
        /// IIIF Presentation 3, to be served below an address without a slash at its end.
        case iiif(url: String)
    }

    /// What was done.
    package struct Outcome: Sendable {
        package var results = 0
        package var pictures = 0
        /// Results left out since nothing is chosen of them.
        package var unchosen = 0
        /// Whether the very same export was there already.
        package var isOld = false
    }

    private let form: Form
    private let found: ExportItems

    /// What is in the way; with any, nothing is handed over.
    package var problems: [String] { found.problems }

    /// Finds what is to be handed over.
    ///
    /// - Parameters:
    ///   - paths: Results, or folders that hold results.
    ///   - onlyChosen: Whether only what was chosen of each result is handed over.
    ///   - originals: Whether the photographs themselves are, too.
    package init(_ paths: [String], as form: Form, onlyChosen: Bool, originals: Bool, configuration: Configuration) {
        self.form = form
        found = ExportItems(paths, onlyChosen: onlyChosen, originals: originals ? configuration : nil)
    }

    /// Puts the export into a folder, which is there whole or not at all.
    ///
    /// - Parameter progress: Called again and again; what it throws breaks the run off, and the next one goes on there.
    /// - Throws: Why it cannot be.
    package func run(to path: String, progress: @escaping () throws -> Void = {}) throws -> Outcome {
        precondition(problems.isEmpty, "an export is whole")
        var outcome = Outcome(unchosen: found.unchosen)
        outcome.results = found.items.count
        outcome.pictures = found.items.reduce(0) { $0 + $1.pictures.count }
        guard let target = try ExportTarget(path, key: key, progress: progress) else {
            outcome.isOld = true
            return outcome
        }
        let names = ExportNames(found.items.map(\.place))
        var writer: any ExportWriter =
            switch form {
            case .plain: PlainExport(target, names)
            case .bag: BagExport(target, names)
            case .iiif(let url): ImageExport(target, names, url: url)
            }
        // First of all: it tells a later run that this is its own work.
        try target.write(record, to: RelativePath.root.appending(ExportTarget.record))
        for item in found.items {
            try progress()
            try writer.add(item)
        }
        try writer.finish()
        try target.finish()
        return outcome
    }

    /// Identity of the export: a change in any part of it makes another one.
    private var key: String {
        var lines = ["\(form)", Program.version]
        for item in found.items {
            lines.append("\(item.place) \(ContentHash(of: item.document.content))")
            lines += item.pictures.map { "\($0.file) \($0.sha256) \($0.isChosen)" }
            if let original = item.original { lines.append("original \(original.path.name)") }
        }
        return ContentHash(of: Array(lines.joined(separator: "\n").utf8)).hex
    }

    /// What the export holds, for programs.
    private var record: Data {
        get throws {
            let results = found.items.map { item in
                [
                    "result": item.place.description, "source": item.metadata.source.name,
                    "source_sha256": item.metadata.source.sha256, "model_sha256": item.metadata.model.sha256,
                    "pictures": item.pictures.map {
                        ["file": $0.file, "sha256": $0.sha256.hex, "chosen": $0.isChosen] as [String: Any]
                    },
                ] as [String: Any]
            }
            let form =
                switch form {
                case .plain: "plain"
                case .bag: "bagit"
                case .iiif: "iiif"
                }
            return try Self.json([
                "schema": 1, "key": key, "form": form, "program": Program.name, "notice": ResultMetadata.notice,
                "results": results,
            ])
        }
    }

    /// A JSON document, its keys in order.
    static func json(_ object: [String: Any]) throws -> Data {
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try JSONSerialization.data(withJSONObject: object, options: options) + Data("\n".utf8)
    }
}

/// Writes an export of some form, result by result.
protocol ExportWriter {
    mutating func add(_ item: ExportItem) throws
    mutating func finish() throws
}
