import Colorization
import Foundation
import NIOHTTP1
import Spool

extension Desk {
    private static let mostHints = 64

    private struct Redraw: Decodable {
        var keep: [Int]?
        var seed: UInt64?
        var hints: [HintDocument]?
        var draws: [String]?
    }

    /// Draws the variants of a result anew that are not kept, or all as they were before.
    func reroll(_ id: DeskID, _ request: Request) throws -> Response {
        let redraw = try request.json(Redraw.self, members: ["keep", "seed", "draws"])
        if let draws = try draws(redraw) { return try order(.draws(draws), id) }
        let keep = try numbers(redraw.keep ?? [])
        return try order(.reroll(keep: keep, seed: redraw.seed), id)
    }

    /// Sets the known colours of a result.
    func hint(_ id: DeskID, _ request: Request) throws -> Response {
        let wish = try request.json(Redraw.self, members: ["hints"])
        guard let hints = wish.hints else { throw Refusal.badRequest("The body lacks hints.") }
        return try order(.hints(colorHints(hints)), id)
    }

    private func order(_ order: DeskWork.Order, _ id: DeskID) throws -> Response {
        let indexed = try indexed(id)
        let name = try OpenedResult(indexed, in: outbox, cache: facts).facts.metadata.source.name
        let document = try work.order(order, of: indexed, name: name) { [self] document in
            if document.state == .done { refresh(indexed.path) }
            lookout.note(document)
        }
        return try .json(document, .accepted)
    }

    /// Whether the small pictures of a result are enough to preview draws on.
    func canPreview(_ facts: ResultFacts) -> Bool {
        facts.has(PreviewFiles.gray) && facts.metadata.reference == nil && ColoringSettings(of: facts.metadata) != nil
    }

    /// Paints small pictures of what a re-roll or hints would give.
    func preview(_ id: DeskID, _ request: Request) throws -> Response {
        let start = ContinuousClock.now
        let wish = try request.json(Redraw.self, members: ["keep", "seed", "hints", "draws"])
        let keep = try numbers(wish.keep ?? [])
        let draws = try draws(wish)
        let opened = try OpenedResult(try indexed(id), in: outbox, cache: facts)
        guard canPreview(opened.facts) else {
            throw Refusal.unprocessable("There is no preview of this result; it is too old, or a transfer.")
        }
        let order = StudioOrder(
            opened.facts, keep: wish.keep == nil && wish.seed == nil ? nil : keep, seed: wish.seed,
            chosen: choice(of: opened)?.chosen?.variant, hints: try wish.hints.map(colorHints), as: draws)
        guard let order else { throw Refusal.unprocessable("Nothing is left to be drawn anew.") }
        do {
            let sheet = try studio.paint(order, gray: { try opened.gray() })
            return try .json(PreviewDocument(sheet, start.duration(to: .now)))
        } catch let error as ColorizationError {
            throw Refusal.unprocessable("\(error)")
        }
    }

    /// Gets ready for previews of a result that is looked at, of hints and of a re-roll, so that the first ones come at once.
    func prepare(_ opened: OpenedResult, chosen: Int?) {
        guard canPreview(opened.facts) else { return }
        let keep: Set<Int> = chosen.map { [$0] } ?? []
        let orders = [
            StudioOrder(opened.facts, keep: nil, seed: nil, chosen: nil, hints: nil),
            StudioOrder(opened.facts, keep: keep, seed: nil, chosen: chosen, hints: nil),
        ]
        studio.prepare(orders.compactMap(\.self)) { try opened.gray() }
    }

    func previewImage(_ id: DeskID, _ number: Int) throws -> Response {
        guard let picture = studio.picture(id, number) else { throw Refusal.notFound }
        var response = Response(.ok, "image/jpeg", picture)
        response.headers.replaceOrAdd(name: "cache-control", value: "private, max-age=600, immutable")
        return response
    }

    private func numbers(_ keep: [Int]) throws -> Set<Int> {
        guard keep.allSatisfy((1...99).contains) else { throw Refusal.badRequest("keep has numbers from 1 to 99.") }
        return Set(keep)
    }

    /// The draws that a wish asks for; nil where it names none.
    private func draws(_ wish: Redraw) throws -> [Draw]? {
        guard let texts = wish.draws else { return nil }
        guard wish.keep == nil, wish.seed == nil else { throw Refusal.badRequest("Give draws, or keep and seed.") }
        let draws = texts.compactMap(Draw.init(text:))
        guard draws.count == texts.count, (1...99).contains(draws.count), Set(draws).count == draws.count else {
            throw Refusal.badRequest("draws are those of variants, each once.")
        }
        return draws
    }

    private func colorHints(_ hints: [HintDocument]) throws -> [ColorHint] {
        guard hints.count <= Self.mostHints else { throw Refusal.badRequest("Too many hints.") }
        return try hints.map { hint in
            guard (0...1).contains(hint.x), (0...1).contains(hint.y), let color = ColorHint.RGB(hint.color),
                hint.radius.map({ $0 > 0 && $0 <= 0.5 }) ?? true
            else { throw Refusal.badRequest("A hint has x and y from 0 to 1, a color #RRGGBB, and a radius to 0.5.") }
            return ColorHint(
                x: .percent(100 * hint.x), y: .percent(100 * hint.y), color: color,
                radius: hint.radius.map { .percent(100 * $0) })
        }
    }

    /// Chooses by a form of the page without scripts.
    func plainChoice(_ id: DeskID, _ request: Request, _ door: Door) throws -> Response {
        let form = Form(request.body)
        try door.checkWriteToken(form["csrf"], request)
        guard let number = form["variant"].flatMap(Int.init) else { throw Refusal.badRequest("variant is missing.") }
        try choose(id, number, note: nil, revision: form["revision"])
        return .redirect(to: "/results/\(id)")
    }
}

extension Draw {
    /// The draw as the API writes it: `mode`, or its seed and index.
    var text: String {
        switch self {
        case .mode: "mode"
        case .sample(let seed, let index): "\(seed)-\(index)"
        }
    }

    /// Reads a draw; nil where a text is none.
    init?(text: String) {
        self = .mode
        if text == "mode" { return }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let seed = UInt64(parts[0]), let index = Int(parts[1]), index >= 0 else { return nil }
        self = .sample(seed: seed, index: index)
        guard self.text == text else { return nil }
    }
}
