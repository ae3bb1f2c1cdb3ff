import Foundation
import Service
import Spool

/// Addresses of one picture in several sizes.
struct Images: Encodable, Sendable, Equatable {
    var thumbnail: String
    var preview: String
    @OrNull var full: String?
    @OrNull var fullType: String?
    /// Whether they are in colour and stand in for a gray picture.
    var needsGrayscale = false
    /// Whether it is a sheet of several pictures, and not the picture alone.
    var isComposite = false
}

/// A photograph on the wall.
struct Entry: Encodable, Sendable, Equatable {
    enum State: String, Encodable, Sendable {
        case done, waiting, failed
        case inHand = "in-hand"
        case leftAlone = "left-alone"
    }

    var id: DeskID
    var name: String
    var folder: DeskID
    var path: String
    var state: State
    @OrNull var chosen: Int?
    var isChosen = false
    @OrNull var published: Date?
    @OrNull var width: Int?
    @OrNull var height: Int?
    var variants = 0
    @OrNull var images: Images?
    @OrNull var reason: String?
    @OrNull var progress: Progress?
    /// The result of the same picture, which this one is left alone for.
    @OrNull var same: DeskID?
    /// Whether it is left alone since it is in colour, and can be coloured all the same.
    var canRecolor = false
}

struct Progress: Encodable, Sendable, Equatable {
    var stage: String
    var seconds: Double
}

struct ChoiceDocument: Encodable, Sendable, Equatable {
    @OrNull var variant: Int?
    /// Address of the picture.
    var image: String
    /// Its addresses where it is none of the variants.
    @OrNull var images: Images?
    /// By which a variant of the same draw is found.
    var draw: String
    var download: String
    var time: Date
    @OrNull var note: String?
}

struct VariantDocument: Encodable, Sendable, Equatable {
    var number: Int
    var file: String
    var sha256: String
    @OrNull var seed: UInt64?
    @OrNull var sample: Int?
    /// Its draw, by which it can be asked for again.
    var draw: String
    var isMode: Bool
    var isChosen: Bool
    var logLikelihood: Double
    var meanChroma: Double
    var clippedPixels: Int
    var bytes: Int64
    var images: Images
    var download: String
}

/// A colour that a person knows, with its place as parts of the sides.
struct HintDocument: Codable, Sendable, Equatable {
    var x: Double
    var y: Double
    var color: String
    var radius: Double?
}

/// One result with all that is known of it.
struct ResultDocument: Encodable, Sendable {
    var entry: Entry
    var revision: String
    @OrNull var choice: ChoiceDocument?
    var canUndo: Bool
    var canPreview: Bool
    var original: Images
    @OrNull var uncertainty: Images?
    @OrNull var sheet: Images?
    var variantList: [VariantDocument]
    var hints: [HintDocument]
    var metadata: JSONValue

    private enum CodingKeys: CodingKey {
        case revision, choice, canUndo, canPreview, original, uncertainty, sheet, variantList, hints, metadata
    }

    /// The entry's members stand beside its own.
    func encode(to encoder: any Encoder) throws {
        try entry.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(revision, forKey: .revision)
        try container.encode(_choice, forKey: .choice)
        try container.encode(canUndo, forKey: .canUndo)
        try container.encode(canPreview, forKey: .canPreview)
        try container.encode(original, forKey: .original)
        try container.encode(_uncertainty, forKey: .uncertainty)
        try container.encode(_sheet, forKey: .sheet)
        try container.encode(variantList, forKey: .variantList)
        try container.encode(hints, forKey: .hints)
        try container.encode(metadata, forKey: .metadata)
    }
}

/// A page of the wall.
struct ResultPage: Encodable {
    var results: [Entry]
    @OrNull var next: String?
    var total: Int
    var counts: [String: Int]
}

struct FolderDocument: Encodable {
    var id: DeskID
    @OrNull var parent: DeskID?
    var name: String
    var path: String
    var results: Int
    var chosen: Int
}

struct FailureDocument: Encodable, Sendable, Equatable {
    var id: DeskID
    var name: String
    var path: String
    var reason: String
    var attempts: Int
    var quarantined: Bool
    var time: Date
}

struct QueueDocument: Encodable, Sendable, Equatable {
    struct InHand: Encodable, Sendable, Equatable {
        var id: DeskID
        var name: String
        var path: String
        var progress: Progress
    }

    var running: Bool
    var stuck: Bool
    @OrNull var paused: String?
    var counts: JobCounts
    @OrNull var oldestPending: Date?
    var inHand: [InHand]
    var desk: [WorkDocument]
    var results: Int
}

/// What was asked for on the desk and takes time.
struct WorkDocument: Encodable, Sendable, Equatable {
    enum Kind: String, Encodable, Sendable { case reroll, hints }
    enum State: String, Encodable, Sendable {
        case waiting, done, failed
        case inHand = "in-hand"
    }

    var id: DeskID
    var result: DeskID
    var name: String
    var kind: Kind
    var state: State
    var stage: String
    @OrNull var reason: String?
}

/// Small pictures of what a re-roll or hints would give.
struct PreviewDocument: Encodable {
    struct Variant: Encodable {
        var number: Int
        var isKept: Bool
        /// By which the variant is found again once it is made.
        var draw: String
        var image: String
    }

    var id: DeskID
    var width: Int
    var height: Int
    var milliseconds: Double
    var seed: UInt64
    var variants: [Variant]

    init(_ sheet: PreviewStudio.Sheet, _ time: Duration) {
        (id, width, height, seed) = (sheet.id, sheet.width, sheet.height, sheet.seed)
        milliseconds = time / .milliseconds(1)
        variants = sheet.pictures.indices.map {
            Variant(
                number: $0 + 1, isKept: sheet.kept.contains($0), draw: sheet.draws[$0].text,
                image: "/api/v1/previews/\(sheet.id)/\($0 + 1)")
        }
    }
}

struct SessionDocument: Encodable {
    var csrf: String
    /// Who comes in, where a proxy says so.
    @OrNull var user: String?
    var version: String
    var needsToken: Bool
    var uploadBytes: Int
    var uploadTypes: [String]
    /// Where photographs may be put instead, as a person would type it.
    var inbox: String
}
