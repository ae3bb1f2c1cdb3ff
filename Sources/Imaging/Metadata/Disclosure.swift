import Digest

/// A variant's statement that its colours are a guess, and which program and model made it.
package struct Disclosure: Sendable, Codable, Equatable {
    /// The part of a picture that a program made.
    package enum Content: String, Sendable, Codable {
        /// The colours of a photograph.
        case colors
        /// All of it.
        case whole
    }

    /// The program, such as "Autochrome".
    package var program: String
    /// Its version.
    package var version: String
    /// Name of the model.
    package var model: String
    /// SHA-256 of the model's file in hexadecimal.
    package var modelHash: String
    /// The seed the samples were drawn from.
    package var seed: UInt64
    /// Which sample of the set, from 0; nil where a picture shows several, as a contact sheet does.
    package var sample: Int?
    /// The part of the picture that the program made.
    package var content: Content
    /// SHA-256 of the photograph that was coloured, in hexadecimal; nil where there is none, or several.
    package var original: String?

    package init(
        program: String = "Autochrome", version: String, model: String, modelHash: String, seed: UInt64,
        sample: Int? = nil, content: Content = .colors, original: String? = nil
    ) {
        self.program = program
        self.version = version
        self.model = model
        self.modelHash = modelHash
        self.seed = seed
        self.sample = sample
        self.content = content
        self.original = original
    }

    /// The term of IPTC's vocabulary for a photograph with parts that a trained model made.
    package static let digitalSourceType =
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

    /// The same vocabulary's term for a picture that is all made by one.
    private static let wholeSourceType = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

    /// The term for this picture.
    var sourceType: String { content == .colors ? Self.digitalSourceType : Self.wholeSourceType }

    /// The program with its version.
    var tool: String { "\(program) \(version)" }

    /// The sentence people read.
    package var caption: String { caption(which) }

    /// The same, with another text in the place of sample and seed.
    func caption(_ which: String) -> String {
        let what =
            switch content {
            case .colors: "The colours of this picture are a guess by a computer program, not a record."
            case .whole: "This picture was made by a computer program."
            }
        return "\(what) \(program) \(version), model \(model.prefix(100)) (\(modelHash.prefix(12))), \(which)."
    }

    private var which: String { (sample.map { "sample \($0), " } ?? "") + "seed \(seed)" }

    /// The original as XMP names it.
    var originalName: String? { original.map { "sha256:\($0)" } }

    /// An identifier of the picture in the form of a UUID: the same whenever it is made again.
    var identifier: String {
        let text = "\(original ?? "")/\(modelHash)/\(seed)/\(sample.map(String.init) ?? "")/\(program)/\(version)"
        let hex = ContentHash(of: Array(text.utf8)).hex.prefix(32)
        var parts: [Substring] = []
        var rest = hex[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    /// What stands in a packet that several variants share for what differs between them.
    enum Mark {
        static let which = "{autochrome:which}"
        static let identifier = "{autochrome:identifier}"
    }

    /// A shared packet, with what is this variant's own.
    func filled(_ packet: String) -> String {
        packet.replacing(Mark.which, with: which).replacing(Mark.identifier, with: identifier)
    }
}
