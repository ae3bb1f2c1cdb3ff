import Colorization
import Files
import Foundation
import Spool

/// What a person may want to know of a result: its variants, their draws, and which of them is chosen.
package struct ResultReport: Sendable, Encodable {
    package struct Variant: Sendable, Encodable {
        package var number: Int
        package var file: String
        package var sha256: String
        package var seed: UInt64?
        package var sample: Int?
    }

    /// The result's folder.
    package var result: String
    /// The photograph's name.
    package var source: String
    package var variants: [Variant]
    package var chosen: Choice.Picture?
    package var previous: Choice.Picture?
    /// Why its choice cannot be read.
    package var damaged: String?
    package var hints: [ResultMetadata.Hint]
    /// Seed of what was drawn anew.
    package var rerolled: UInt64?

    /// Reads a result.
    ///
    /// - Throws: `FileError` where it is gone or cannot be read.
    package init(_ result: PublishedResult, in publisher: Publisher) throws {
        self.result = publisher.outbox.display(result.path)
        source = result.source.escapedName
        variants = try publisher.variants(of: result.path).map {
            Variant(number: $0.number, file: $0.file, sha256: $0.sha256.hex, seed: $0.seed, sample: $0.sample)
        }
        let metadata = try publisher.document(of: result)
        hints = metadata?.hints ?? []
        rerolled = metadata?.reroll?.seed
        do {
            let choice = try publisher.choice(of: result.path)
            (chosen, previous) = (choice?.chosen, choice?.previous)
        } catch let error as SpoolError {
            damaged = "\(error)"
        }
    }

    /// Reads the results at or below some paths; what cannot be read is told beside them.
    package static func all(at paths: [String]) -> (reports: [ResultReport], problems: [String]) {
        var reports: [ResultReport] = []
        let problems = FoundResults.forEach(at: paths) { reports.append(try ResultReport($0, in: $1)) }
        return (reports, problems)
    }

    /// For people, on one line.
    package var text: String {
        var text = "\(result): \(Self.count(variants.count, "variant")), "
        if let chosen {
            text += chosen.variant.map { "\($0) chosen" } ?? "\(chosen.file) chosen, kept from an earlier result"
            text += chosen.note.map { ", \u{201C}\($0)\u{201D}" } ?? ""
        } else {
            text += damaged.map { "a choice that cannot be read: \($0)" } ?? "none chosen"
        }
        if !hints.isEmpty { text += ", " + Self.count(hints.count, "known colour") }
        return text + (rerolled.map { ", drawn anew with seed \($0)" } ?? "")
    }

    private static func count(_ number: Int, _ thing: String) -> String {
        "\(number) \(thing)" + (number == 1 ? "" : "s")
    }
}

/// How many results of a folder have a chosen picture.
package struct ChoiceCounts: Sendable, Equatable, Encodable {
    package var results = 0
    package var chosen = 0
    package var damaged = 0
    package var notChosen: Int { results - chosen - damaged }

    private enum CodingKeys: String, CodingKey { case results, chosen, notChosen, damaged }

    package init(_ reports: [ResultReport]) {
        results = reports.count
        chosen = reports.count { $0.chosen != nil }
        damaged = reports.count { $0.damaged != nil }
    }

    /// Counts the results below a folder, without a look at their metadata.
    ///
    /// - Parameter unreadable: Gets the error of each folder that cannot be read.
    package init(outbox: String, unreadable: (any Error) -> Void) throws {
        let folder = try Folder(outbox)
        try folder.forEachFolder(unreadable: unreadable) { path, files, folders in
            if !path.isRoot, files.contains(where: { $0.path.name.starts(with: "01.".utf8) }) {
                count(path, files, folder)
            }
            return folders
        }
    }

    private mutating func count(_ path: RelativePath, _ files: [FolderEntry], _ folder: Folder) {
        results += 1
        guard let choice = Choice.read(of: path, files, in: folder) else { return }
        switch choice {
        case .success(let choice): if choice.chosen != nil { chosen += 1 }
        case .failure: damaged += 1
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(results, forKey: .results)
        try container.encode(chosen, forKey: .chosen)
        try container.encode(notChosen, forKey: .notChosen)
        try container.encode(damaged, forKey: .damaged)
    }

    /// For people, on one line.
    package var text: String {
        "\(results) results, \(chosen) chosen, \(notChosen) not"
            + (damaged == 0 ? "" : ", \(damaged) with a choice that cannot be read")
    }
}
