import Colorization
import Files
import Foundation
import Spool

extension BulkRun {
    /// Draws some of a result's variants anew, and exchanges the result for what comes of it.
    ///
    /// All else is as the result was made: its settings and hints, and the draws that are kept, which stay the same to the
    /// bit. What is chosen is kept in any case.
    ///
    /// - Parameters:
    ///   - numbers: Of the variants to keep, from 1.
    ///   - seed: Of what is drawn; nil for the one after all that the result has draws of.
    package func reroll(
        _ item: InputFiles.Item, replacing result: PublishedResult, keeping numbers: Set<Int>, seed: UInt64? = nil
    ) -> Outcome {
        again(item, result) {
            try requireRerollable($0, numbers)
        } body: { file, request, former in
            var request = request
            let kept = try kept(numbers, of: result, former, pinned: request.fixed)
            request.reroll = Reroll(seed: seed ?? former.nextSeed, kept: kept)
            return try replace(result, request, file) { new in
                kept.keys.sorted().filter { $0 < new.variants.count }.compactMap { index in
                    let isSame = new.variants[index].sha256 == former.variants[index].sha256
                    return isSame || !numbers.contains(index + 1)
                        ? nil : "variant \(index + 1) could not be made again to the bit"
                }
            }
        }
    }

    /// Exchanges a result for one whose variants show given draws: those of a preview, or as before a re-roll that is taken
    /// back.
    ///
    /// All else is as the result was made.
    package func redraw(
        _ item: InputFiles.Item, replacing result: PublishedResult, as draws: [Draw]
    ) -> Outcome {
        again(item, result) { metadata in
            guard draws.count == metadata.variants.count else {
                throw Unfit.impossible("it has \(metadata.variants.count) variants, not \(draws.count)")
            }
            let shown = metadata.draws
            try requireRerollable(metadata, Set(draws.indices.filter { draws[$0] == shown[$0] }.map { $0 + 1 }))
        } body: { file, request, former in
            var request = request
            let further = former.reroll(under: request.settings)?.kept.filter { $0.key >= draws.count } ?? [:]
            var reroll = Reroll(seed: former.reroll?.seed ?? former.settings.seed, showing: draws)
            reroll.kept.merge(further) { shown, _ in shown }
            request.reroll = reroll
            return try replace(result, request, file)
        }
    }

    /// Colours a photograph again with other hints, and exchanges its result; the draws that the variants show stay theirs.
    ///
    /// All else is as the photograph's settings say now, as whoever finds the hints beside it would colour it.
    package func recolor(
        _ item: InputFiles.Item, replacing result: PublishedResult, under hints: [ColorHint]
    ) -> Outcome {
        knowing(item, result) { metadata, settings in
            if let reference = metadata.reference {
                throw Unfit.leftAlone("its palette is of \(reference.name): transfer makes it again")
            }
            settings.hints = hints
        } body: { file, request, former in
            var request = request
            if result.identity.content.hex == request.source.sha256 {
                request.reroll = former.reroll(under: request.settings)
                if request.reroll == nil, former.settings.seed == request.settings.seed {
                    request.reroll = Reroll(seed: request.settings.seed, kept: former.draws)
                }
            }
            return try replace(result, request, file)
        }
    }

    /// Works on a photograph under the very settings that its result was made with.
    private func again(
        _ item: InputFiles.Item, _ result: PublishedResult, require: (ResultMetadata) throws -> Void,
        body: (borrowing OpenedFile, ColoringRequest, ResultMetadata) throws -> Outcome
    ) -> Outcome {
        var item = item
        // Draws are of one content.
        item.content = result.identity.content
        return knowing(
            item, result,
            adapt: { metadata, settings in
                guard let own = ColoringSettings(of: metadata) else { throw Unfit.damaged }
                try require(metadata)
                settings = own
            }, body: body)
    }

    /// Works on a photograph with what the metadata of its result say.
    ///
    /// - Parameter adapt: Changes the settings that hold for it.
    private func knowing(
        _ item: InputFiles.Item, _ result: PublishedResult,
        adapt: (ResultMetadata, inout ColoringSettings) throws -> Void,
        body: (borrowing OpenedFile, ColoringRequest, ResultMetadata) throws -> Outcome
    ) -> Outcome {
        var former: ResultMetadata?
        return attempt(item) { settings in
            guard let metadata = try publisher.document(of: result) else { throw Unfit.damaged }
            try adapt(metadata, &settings)
            former = metadata
        } body: { file, request, _ in
            guard let former else { preconditionFailure("the metadata was read") }
            return try body(file, request, former)
        }
    }

    /// Throws where variants cannot be kept while others are drawn.
    private func requireRerollable(_ metadata: ResultMetadata, _ numbers: Set<Int>) throws {
        if let reference = metadata.reference {
            throw Unfit.impossible("its palette is of \(reference.name): transfer with another --seed draws it anew")
        }
        let count = metadata.variants.count
        if let number = numbers.sorted().first(where: { $0 < 1 || $0 > count }) {
            throw Unfit.impossible("it has no variant \(number), only \(count)")
        }
        if !numbers.isEmpty, !isMadeAsNow(metadata) {
            throw Unfit.impossible(
                "what is kept would not stay as it is, since the model or the program is another: reprocess it first")
        }
    }

    private func isMadeAsNow(_ metadata: ResultMetadata) -> Bool {
        metadata.model.sha256 == pipeline.model.sha256 && metadata.rendering == ResultMetadata.currentRendering
    }

    /// The draws that stay: those asked for, and that of what is chosen, as far as something else is left to be drawn.
    private func kept(
        _ numbers: Set<Int>, of result: PublishedResult, _ metadata: ResultMetadata, pinned: [Int: Draw]
    ) throws -> [Int: Draw] {
        // A damaged choice is told of when the result is exchanged.
        let chosen = isMadeAsNow(metadata) ? (try? publisher.choice(of: result.path))?.chosen?.variant : nil
        guard let kept = metadata.kept(numbers, chosen: chosen, pinned: pinned) else {
            throw Unfit.impossible("nothing is left to be drawn anew")
        }
        return kept
    }
}

extension ResultMetadata {
    /// The draws that stay when some are drawn anew: those asked for, and that of what is chosen, as far as something else
    /// is left to be drawn; nil where nothing is.
    ///
    /// - Parameters:
    ///   - numbers: Of the variants to keep, from 1.
    ///   - pinned: Draws that variants show anyhow, by their number from 0.
    package func kept(_ numbers: Set<Int>, chosen: Int?, pinned: [Int: Draw]) -> [Int: Draw]? {
        var kept = draws.filter { numbers.contains($0.key + 1) }
        func free() -> Int { settings.samples - Set(kept.keys).union(pinned.keys).count }
        guard free() > 0 else { return nil }
        if let chosen, free() > 1 { kept[chosen - 1] = draws[chosen - 1] }
        return kept
    }

    /// A seed that no draw of the result is of.
    package var nextSeed: UInt64 {
        let seeds = variants.compactMap { draw(of: $0).seed } + [settings.seed] + (reroll.map { [$0.seed] } ?? [])
        return seeds.max()! &+ 1
    }
}

extension Publisher {
    /// The metadata of a result; nil where it is gone, of another version or damaged.
    package func document(of result: PublishedResult) throws -> ResultMetadata? {
        try metadata(of: result).flatMap { try? ResultMetadata.decoded($0) }
    }
}

extension ColoringRequest {
    /// This with the draws of an earlier result of the same photograph, where a person has drawn some of them anew.
    func keepingDraws(of earlier: PublishedResult?, _ publisher: Publisher) throws -> ColoringRequest {
        guard let earlier, earlier.identity.content.hex == source.sha256,
            let metadata = try publisher.document(of: earlier)
        else { return self }
        var request = self
        request.reroll = metadata.reroll(under: settings, reference: transfer?.reference)
        return request
    }
}
