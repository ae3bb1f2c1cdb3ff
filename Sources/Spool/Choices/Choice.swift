import Digest
import Files
import Foundation

/// The picture of a result that a person has chosen, and what was chosen before: the content of `chosen.json`.
///
/// It is described in `etc/chosen.schema.json`.
package struct Choice: Equatable, Sendable {
    /// Version of the document's structure.
    package static let currentSchema = 1
    /// Bytes of a document at most.
    static let limit = 1 << 18
    /// Characters of a note at most.
    package static let noteLimit = 2000

    /// The work that a picture comes from which is none of its result's variants.
    package struct Origin: Codable, Equatable, Sendable {
        /// SHA-256 of the photograph.
        package var source: ContentHash
        /// SHA-256 of the model.
        package var model: String
        /// Identity of the settings.
        package var settings: String

        package init(source: ContentHash, model: String, settings: String) {
            (self.source, self.model, self.settings) = (source, model, settings)
        }
    }

    /// A picture that was chosen.
    package struct Picture: Codable, Equatable, Sendable {
        /// The variant's number, from 1; nil for a picture that was kept from an earlier result.
        package var variant: Int?
        /// Its file in the result's folder.
        package var file: String
        package var sha256: ContentHash
        /// Seed of its draw; nil for the mode.
        package var seed: UInt64?
        /// Index of its draw; nil for the mode.
        package var sample: Int?
        /// When it was chosen.
        package var time: Date
        package var note: String?
        /// Where a kept picture comes from; nil for a variant.
        package var kept: Origin?

        package init(
            variant: Int? = nil, file: String, sha256: ContentHash, seed: UInt64? = nil, sample: Int? = nil, time: Date,
            note: String? = nil, kept: Origin? = nil
        ) {
            (self.variant, self.file, self.sha256) = (variant, file, sha256)
            (self.seed, self.sample) = (seed, sample)
            (self.time, self.note, self.kept) = (time, note, kept)
        }
    }

    /// Nil where nothing is chosen any more.
    package var chosen: Picture?
    /// What was chosen before; nil where nothing was.
    package var previous: Picture?

    package init(chosen: Picture?, previous: Picture? = nil) {
        self.chosen = chosen
        self.previous = previous
    }

    /// The choice before the last change, which one more of these takes back.
    package var undone: Choice { Choice(chosen: previous, previous: chosen) }
}

extension Choice {
    /// The document: the chosen picture's members beside the schema and what was before.
    private struct Document: Codable {
        var schema: Int
        var picture: Picture?
        var previous: Picture?

        private enum Key: String, CodingKey { case schema, previous, file }

        init(_ choice: Choice) {
            (schema, picture, previous) = (Choice.currentSchema, choice.chosen, choice.previous)
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            schema = try container.decode(Int.self, forKey: .schema)
            previous = try container.decodeIfPresent(Picture.self, forKey: .previous)
            picture = container.contains(.file) ? try Picture(from: decoder) : nil
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(schema, forKey: .schema)
            try container.encodeIfPresent(previous, forKey: .previous)
            try picture?.encode(to: encoder)
        }
    }

    /// The document as UTF-8, keys in snake case and sorted.
    package func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(Document(self)) + Data("\n".utf8)
    }

    /// The document read back.
    ///
    /// - Throws: `SpoolError.choice`, which names the file.
    init(_ data: Data, file: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        let document: Document
        do {
            document = try decoder.decode(Document.self, from: data)
        } catch {
            throw SpoolError.choice(file: file, reason: "it is no choice: " + Self.reason(error))
        }
        guard document.schema == Self.currentSchema else {
            throw SpoolError.choice(file: file, reason: "its schema \(document.schema) is not known here")
        }
        self.init(chosen: document.picture, previous: document.previous)
        for picture in [chosen, previous].compactMap(\.self) {
            guard let reason = picture.impossibility else { continue }
            throw SpoolError.choice(file: file, reason: reason)
        }
    }

    /// The choice in a folder whose files are known; nil where there is none.
    ///
    /// Whether its picture is there is not asked.
    package static func read(
        of result: RelativePath, _ files: [FolderEntry], in folder: Folder
    ) -> Result<Choice, any Error>? {
        let names = ResultName.choices.map { result.appending($0) }
        // Files are in order of name: of two, the second is the metadata of a photograph of that name.
        guard let file = files.first(where: { names.contains($0.path) }) else { return nil }
        return Result { try Choice(folder.content(file.path, limit: limit), file: folder.display(file.path)) }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            (context.codingPath.last.map { "'\($0.stringValue)': " } ?? "") + context.debugDescription
        default: "\(error)"
        }
    }
}

extension Choice.Picture {
    /// Why no picture can be so; nil where one can.
    fileprivate var impossibility: String? {
        guard let path = RelativePath(file), path.components.count == 1, !file.hasPrefix(".") else {
            return "'\(file)' is no name of a picture"
        }
        if let variant, variant < 1 { return "there is no variant \(variant)" }
        if (variant == nil) != (kept != nil) { return "a picture is either a variant or kept from an earlier result" }
        if (seed == nil) != (sample == nil) { return "a draw has a seed and an index, or is the mode" }
        return nil
    }

    /// The name of its file.
    var name: [UInt8] { Array(file.utf8) }
}
