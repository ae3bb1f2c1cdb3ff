import Foundation

/// The JSON document beside a result's variants; its schema is described in `etc/metadata.schema.json`.
package struct ResultMetadata: Codable, Sendable, Equatable {
    /// Version of this document's structure.
    package static let currentSchema = 1
    /// Version of all that lies between a draw and its files: what is shown of it, upsampling, painting, encoding.
    ///
    /// Raise it with each change after which the same content, model and settings give other pictures: `reprocess` then
    /// makes older results again, and nothing else does.
    package static let currentRendering = 3
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
        /// Absent from older documents.
        package var candidates: Int?
        package var saturation: Double
        /// Absent from older documents, which had 1.
        package var modeSaturation: Double?
        package var format: String
        package var quality: Int
        /// `4:2:0` or `4:4:4`; absent from older documents, which had `4:4:4`.
        package var chromaSubsampling: String?
        /// `none` or `xmp`; absent from older documents.
        package var sidecars: String?
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
        /// Seed of the draw; null for the mode, and absent from older documents, as the settings' seed.
        package var seed: UInt64?
        /// Index of the draw; null for the mode.
        package var sample: Int?
        /// Natural logarithm of the density of the draw's own chroma at 64×64 under the model, in nats.
        package var logLikelihood: Double
        /// The same of the chroma that is shown.
        package var shownLogLikelihood: Double?
        /// Perceptual distance from the mode, as it is shown.
        package var distanceFromMode: Double?
        /// The same from the nearest of the other variants.
        package var distanceFromNearest: Double?
        /// Mean chroma √(a² + b²) over all pixels, in Lab units.
        package var meanChroma: Double
        /// Pixels whose chroma was lowered to fit sRGB.
        package var clippedPixels: Int
    }

    /// What became of the photograph's own metadata.
    package struct Carried: Codable, Sendable, Equatable {
        /// `keep` or `minimal`.
        package var policy: String
        /// Numbers of EXIF's fields, IPTC's data sets and XMP's properties that the variants carry.
        package var exif: Int
        package var iptc: Int
        package var xmp: Int
        /// Names of what the photograph has and the variants have not.
        package var dropped: [String]
    }

    /// A color that was given for a place, and what became of it.
    package struct Hint: Codable, Sendable, Equatable {
        package struct Pixel: Codable, Sendable, Equatable {
            package var x: Int
            package var y: Int
        }

        package var x: ColorHint.Measure
        package var y: ColorHint.Measure
        package var radius: ColorHint.Measure?
        package var color: ColorHint.RGB
        /// Who knows it: always `person`.
        package var givenBy = "person"
        /// The pixel of the upright picture.
        package var pixel: Pixel
        /// The color that the variants have there, on average.
        package var reached: ColorHint.RGB?
        /// Whether that is the color given, as far as a person sees.
        package var agrees: Bool?
        /// Why it does not agree.
        package var reason: String?

        package init(_ placed: PlacedHint) {
            (x, y, radius, color) = (placed.hint.x, placed.hint.y, placed.hint.radius, placed.hint.color)
            pixel = .init(x: placed.x, y: placed.y)
        }

        /// What the person gave.
        package var given: ColorHint { ColorHint(x: x, y: y, color: color, radius: radius) }
    }

    /// What was drawn anew after the first time.
    package struct Rerolled: Codable, Sendable, Equatable {
        package struct Drawn: Codable, Sendable, Equatable {
            package var seed: UInt64?
            package var sample: Int?

            package init(_ draw: Draw) {
                (seed, sample) = (draw.seed, draw.index)
            }

            var draw: Draw { Draw(seed: seed, index: sample) }
        }

        /// Of the variants that were drawn anew.
        package var seed: UInt64
        /// Draws that come after those of the variants, once there are to be more.
        package var further: [Drawn]?

        package init(seed: UInt64, further: [Drawn]? = nil) {
            self.seed = seed
            self.further = further
        }

        /// - Parameter samples: How many of the draws are shown.
        init(_ reroll: Reroll, samples: Int) {
            let hidden = reroll.kept.filter { $0.key >= samples }.sorted { $0.key < $1.key }.map { Drawn($0.value) }
            self.init(seed: reroll.seed, further: hidden.isEmpty ? nil : hidden)
        }
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
    package var hints: [Hint]?
    /// Present where variants were drawn anew; all draws stay the same from then on, until the settings' seed is changed.
    package var reroll: Rerolled?
    package var variants: [Variant]
    /// Absent from older documents.
    package var metadata: Carried?
    /// Draws that were made, the mode among them.
    package var candidates: Int?
    /// How many of them are not shown, by the reason.
    package var leftOut: [String: Int]?
    package var sheet: String?
    package var uncertainty: String?
    package var timings: Timings
    package var warnings: [String]

    /// The draw that a variant shows.
    package func draw(of variant: Variant) -> Draw {
        Draw(seed: variant.seed ?? settings.seed, index: variant.sample)
    }

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
