import Foundation

/// The JSON document beside a result's variants; its schema is described in `etc/metadata.schema.json`.
package struct ResultMetadata: Codable, Sendable, Equatable {
    /// Version of this document's structure.
    package static let currentSchema = 1
    /// Version of all that lies between a draw and its files: what is shown of it, upsampling, painting, encoding.
    ///
    /// Raise it with each change after which the same content, model and settings give other pictures: `reprocess` then
    /// makes older results again, and nothing else does.
    package static let currentRendering = 1
    /// The name of the contact sheet beside it.
    static let sheetFile = "sheet.jpg"
    /// The name of the uncertainty map beside it.
    static let uncertaintyFile = "uncertainty.png"
    /// A notice for every reader of the document.
    package static let notice = "The colours are guesses by a neural network, not a record of the scene."

    package struct Source: Codable, Sendable, Equatable {
        package var name: String
        /// Absolute path when the image was read; a byte that is no plain text is `\xNN` in it.
        package var path: String
        /// The folder at or above it where the search for settings began; absent from older documents.
        package var root: String?
        package var sha256: String
        package var bytes: Int
        package var modified: Date
        package var format: String
        package var width: Int
        package var height: Int
        package var bitDepth: Int
        /// `gray`, `toned` or `colored`.
        package var chromaticity: String
        package var captured: String?
    }

    package struct Model: Codable, Sendable, Equatable {
        package var name: String
        package var sha256: String
        package var preset: String
        package var width: Double

        package init(name: String, sha256: String, preset: String, width: Double) {
            self.name = name
            self.sha256 = sha256
            self.preset = preset
            self.width = width
        }
    }

    package struct Settings: Codable, Sendable, Equatable {
        package var samples: Int
        package var seed: UInt64
        package var temperature: Double
        package var modeFirst: Bool
        package var saturation: Double
        package var format: String
        package var quality: Int
        /// Identity of all settings that the pixels depend on.
        package var key: String
    }

    /// A coloured picture whose latent code was applied to this one.
    package struct Reference: Codable, Sendable, Equatable {
        package var name: String
        package var sha256: String
        /// Levels of the flow whose parts of the code were applied.
        package var levels: [Int]
        package var strength: Double
    }

    package struct Variant: Codable, Sendable, Equatable {
        package var file: String
        package var sha256: String
        /// Index of the latent draw; null for the mode.
        package var sample: Int?
        /// Natural logarithm of the density of the chroma at 64×64 under the model, in nats.
        package var logLikelihood: Double
        /// Mean chroma √(a² + b²) over all pixels, in Lab units.
        package var meanChroma: Double
        /// Pixels whose chroma was lowered to fit sRGB.
        package var clippedPixels: Int
    }

    /// Seconds spent in each stage.
    package struct Timings: Codable, Sendable, Equatable {
        package var decode = 0.0
        package var conditioning = 0.0
        package var sampling = 0.0
        package var rendering = 0.0
        package init() {}
    }

    package var schema = ResultMetadata.currentSchema
    package var notice = ResultMetadata.notice
    package var program: String
    /// Absent from older documents.
    package var rendering: Int? = ResultMetadata.currentRendering
    package var source: Source
    package var model: Model
    package var settings: Settings
    package var reference: Reference?
    package var variants: [Variant]
    package var sheet: String?
    package var uncertainty: String?
    package var timings: Timings
    package var warnings: [String]

    /// The document as UTF-8, keys in snake case and sorted.
    package func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// The document read back.
    package static func decoded(_ data: Data) throws -> ResultMetadata {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(ResultMetadata.self, from: data)
    }
}
