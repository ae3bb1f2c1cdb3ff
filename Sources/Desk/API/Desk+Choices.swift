import Colorization
import Digest
import Files
import Foundation
import NIOHTTP1
import Spool

extension Desk {
    private struct Wish: Decodable {
        var variant: Int?
        var note: String?
        var revision: String?
    }

    /// Changes what is chosen of a result, by the same call as `autochrome choose`.
    func choose(_ id: DeskID, _ request: Request, _ endpoint: Endpoint) throws -> Response {
        switch endpoint {
        case .choose:
            let wish = try request.json(Wish.self, members: ["variant", "note", "revision"])
            guard let number = wish.variant, (1...99).contains(number) else {
                throw Refusal.badRequest("variant must be a number from 1 to 99.")
            }
            guard wish.note?.count ?? 0 <= Choice.noteLimit else { throw Refusal.badRequest("note is too long.") }
            try choose(id, number, note: wish.note, revision: wish.revision)
        case .unchoose:
            let wish = try request.json(Wish.self, members: ["revision"])
            try change(id, revision: wish.revision) { _ in .none }
        default:
            _ = try request.json(Wish.self, members: [])
            try change(id, revision: nil) { _ in .undo }
        }
        return try .json(document(id))
    }

    /// Chooses a variant.
    ///
    /// - Parameter revision: That of the result as it was seen; another one now is a conflict.
    func choose(_ id: DeskID, _ number: Int, note: String?, revision: String?) throws {
        try change(id, revision: revision) { opened in
            let variants = opened.facts.metadata.variants
            guard variants.indices.contains(number - 1) else {
                throw Refusal.unprocessable("There is no variant \(number), only \(variants.count).")
            }
            // Of what was seen, even if another process exchanges the result at this moment.
            return .variant(number, sha256: ContentHash(hex: variants[number - 1].sha256), note: note)
        }
    }

    private func change(
        _ id: DeskID, revision: String?, _ make: (OpenedResult) throws -> Publisher.ChoiceChange
    ) throws {
        let indexed = try indexed(id)
        // Two pages may choose at once: the second one is told.
        try choosing.withLock { _ in
            let opened = try OpenedResult(indexed, in: outbox, cache: facts)
            let former = self.choice(of: opened)
            guard revision == nil || revision == self.revision(opened, former) else {
                throw Refusal.conflict("It was changed meanwhile.")
            }
            do {
                let changed = try publisher.choose(make(opened), of: indexed.path)
                // A journal that cannot be told costs no choice.
                if let result = try? publisher.result(at: indexed.path) {
                    _ = announcer.announce(changed.choice, of: result, in: publisher)
                }
            } catch SpoolError.choice {
                throw Refusal.conflict("What is chosen cannot be read, or was changed meanwhile.")
            } catch FileError.changed {
                throw Refusal.conflict("It was changed meanwhile.")
            }
        }
        refresh(indexed.path)
    }

    /// Lists a result as it is now, and tells the pages.
    func refresh(_ path: RelativePath) {
        guard let entry = OutboxScan.entry(path, in: outbox, publisher) else { return }
        lookout.tell(index.apply([entry], removed: [])) { [self] in describe($0) }
    }

    // MARK: What is chosen

    /// The choice of a result; nil where there is none that can be read.
    func choice(of opened: OpenedResult) -> Choice? { try? publisher.choice(of: opened.path) }

    /// Changes with everything that can be chosen or is chosen.
    func revision(_ opened: OpenedResult, _ choice: Choice?) -> String {
        let document = choice.flatMap { try? $0.encoded() } ?? Data()
        return opened.facts.version + "-" + ContentHash(of: document).short
    }

    func hints(_ metadata: ResultMetadata) -> [HintDocument] {
        let source = metadata.source
        let long = Double(max(source.width, source.height))
        return (metadata.hints ?? []).map { hint in
            HintDocument(
                x: hint.x.share(of: Double(source.width)), y: hint.y.share(of: Double(source.height)),
                color: "\(hint.color)", radius: hint.radius?.share(of: long))
        }
    }

    /// The seed of a variant's draw; nil for the mode.
    func seed(of variant: ResultMetadata.Variant, _ metadata: ResultMetadata) -> UInt64? {
        metadata.draw(of: variant).seed
    }
}

extension ChoiceDocument {
    /// What is chosen; nil where that is nothing.
    init?(_ choice: Choice?, of id: DeskID, _ kept: Images?) {
        guard let chosen = choice?.chosen else { return nil }
        let image = Desk.address(ofChosen: id, .full, version: chosen.sha256.version)
        let draw = Draw(seed: chosen.seed, index: chosen.sample)
        self.init(
            variant: chosen.variant, image: image, images: kept, draw: draw.text, download: image + "&download=true",
            time: chosen.time, note: chosen.note)
    }
}

extension ColorHint.Measure {
    /// The length as a part of a side, in pixels; of a place, its pixel's middle.
    func share(of side: Double) -> Double {
        switch self {
        case .pixels(let count): min(1, (Double(count) + 0.5) / side)
        case .percent(let share): share / 100
        }
    }
}
