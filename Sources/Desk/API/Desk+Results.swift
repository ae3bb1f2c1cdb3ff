import Colorization
import Digest
import Files
import Foundation
import Service
import Spool

extension Desk {
    private static let mostResults = 200
    private static let longestSearch = 200

    /// A page of the wall.
    func results(_ request: Request) throws -> Response {
        let query = try query(request)
        return try .json(query.filter.isOfQueue ? queued(query) : wall(query))
    }

    /// What a request asks to be listed.
    func query(_ request: Request) throws -> ResultIndex.Query {
        var query = ResultIndex.Query()
        query.limit = try request.number("limit", in: 1...Self.mostResults, default: query.limit)
        query.offset = try request.number("offset", in: 0...10_000_000, default: 0)
        query.text = request.query["q"] ?? ""
        guard query.text.count <= Self.longestSearch else { throw Refusal.badRequest("q is too long.") }
        if let text = request.query["filter"] {
            guard let filter = ResultIndex.Filter(rawValue: text) else {
                throw Refusal.badRequest("filter is one of all, new, chosen, unchosen, in-hand, failed, left-alone.")
            }
            query.filter = filter
        }
        if let text = request.query["order"] {
            guard let order = ResultIndex.Order(rawValue: text) else {
                throw Refusal.badRequest("order is newest or name.")
            }
            query.order = order
        }
        if let text = request.query["folder"] {
            guard let id = DeskID(text) else { throw Refusal.badRequest("folder is no id.") }
            query.folder = try folder(id)
        }
        if let text = request.query["cursor"] {
            guard let after = Cursor(text) else { throw Refusal.badRequest("cursor is none that was given.") }
            query.after = after
        }
        return query
    }

    func wall(_ query: ResultIndex.Query) throws -> ResultPage {
        let page = index.page(query)
        let busy = lookout.busy
        let entries = page.entries.compactMap { entry in
            (try? OpenedResult(entry, in: outbox, cache: facts)).map { self.entry(entry, $0, busy) }
        }
        let last = page.isLast ? nil : page.entries.last
        return ResultPage(
            results: entries, next: last.map { Cursor(published: $0.published, id: $0.id, path: $0.path).text },
            total: page.total,
            counts: counts(page.counts, queueCounts(in: query.folder)))
    }

    private func counts(_ found: [ResultIndex.Filter: Int], _ jobs: (inHand: Int, failed: Int)) -> [String: Int] {
        var counts = Dictionary(uniqueKeysWithValues: found.map { ($0.key.rawValue, $0.value) })
        (counts[ResultIndex.Filter.inHand.rawValue], counts[ResultIndex.Filter.failed.rawValue]) = jobs
        return counts
    }

    /// How many photographs of a folder each filter would give.
    func counts(in folder: RelativePath, _ jobs: (inHand: Int, failed: Int)) -> [String: Int] {
        var query = ResultIndex.Query()
        (query.folder, query.limit) = (folder, 0)
        return counts(index.page(query).counts, jobs)
    }

    /// A result as the wall shows it.
    func entry(_ indexed: IndexEntry, _ opened: OpenedResult, _ busy: [RelativePath: Progress]) -> Entry {
        let metadata = opened.facts.metadata
        let source = metadata.source
        let isNews = lookout.lastBeat > indexed.date
        let progress = isNews ? busy[indexed.folder.appending(sourceName(source.name))] : nil
        return Entry(
            id: indexed.id, name: source.name, folder: folderBook.id(indexed.folder),
            path: indexed.folder.isRoot ? source.name : "\(indexed.folder)/\(source.name)",
            state: progress == nil ? .done : .inHand, chosen: indexed.chosen, isChosen: indexed.isChosen,
            published: indexed.date, width: source.width, height: source.height, variants: metadata.variants.count,
            images: images(standingFor: indexed.id, chosen: indexed.chosen, kept: indexed.kept, opened.facts),
            reason: nil, progress: progress)
    }

    private func sourceName(_ escaped: String) -> [UInt8] {
        RelativePath(escaped: escaped)?.bytes ?? Array(escaped.utf8)
    }

    /// The result that has an id.
    func indexed(_ id: DeskID) throws -> IndexEntry {
        guard let entry = index.entry(id) else { throw Refusal.notFound }
        return entry
    }

    /// One result with all that is known of it.
    func document(_ id: DeskID) throws -> ResultDocument {
        let indexed = try indexed(id)
        let opened = try OpenedResult(indexed, in: outbox, cache: facts)
        let facts = opened.facts
        var entry = entry(indexed, opened, lookout.busy)
        // The index may be behind by a moment.
        let choice = choice(of: opened)
        prepare(opened, chosen: choice?.chosen?.variant)
        (entry.chosen, entry.isChosen) = (choice?.chosen?.variant, choice?.chosen != nil)
        let kept = choice?.chosen.flatMap(KeptPicture.init)
        entry.images = images(standingFor: id, chosen: entry.chosen, kept: kept, facts)
        return ResultDocument(
            entry: entry, revision: revision(opened, choice),
            choice: ChoiceDocument(choice, of: id, kept.map { images($0, id) }),
            canUndo: choice != nil, canPreview: canPreview(facts), original: original(indexed.id, facts),
            uncertainty: facts.metadata.uncertainty.map { _ in images(.uncertainty, indexed.id, facts) },
            sheet: facts.metadata.sheet.map { _ in images(.sheet, indexed.id, facts) },
            variantList: variants(indexed.id, opened, chosen: entry.chosen), hints: hints(facts.metadata),
            metadata: try Self.published(opened.document(indexed)))
    }

    private func variants(_ id: DeskID, _ opened: OpenedResult, chosen: Int?) -> [VariantDocument] {
        let metadata = opened.facts.metadata
        return metadata.variants.enumerated().map { index, variant in
            let number = index + 1
            let images = images(.variant(number), id, opened.facts)
            return VariantDocument(
                number: number, file: variant.file, sha256: variant.sha256, seed: seed(of: variant, metadata),
                sample: variant.sample, draw: metadata.draw(of: variant).text, isMode: variant.sample == nil,
                isChosen: number == chosen,
                logLikelihood: variant.logLikelihood, meanChroma: variant.meanChroma,
                clippedPixels: variant.clippedPixels, bytes: opened.bytes(of: variant.file),
                images: images, download: (images.full ?? images.preview) + "&download=true")
        }
    }

    /// A result's metadata without paths of this machine.
    private static func published(_ data: Data) throws -> JSONValue {
        guard case .object(var document) = try JSONDecoder().decode(JSONValue.self, from: data) else { return .null }
        if case .object(var source)? = document["source"] {
            source["path"] = nil
            source["root"] = nil
            document["source"] = .object(source)
        }
        return .object(document)
    }
}
