import Colorization
import Foundation

/// What is to be previewed of a result.
struct StudioOrder: Sendable {
    /// What a session's conditions and draws depend on.
    let key: String
    let request: ColoringRequest
    let hints: [ColorHint]
    /// The variants' draws in their order; nil where they are still to be chosen.
    let draws: [Draw]?
    /// Variants that stay, from 0.
    let kept: Set<Int>
    let seed: UInt64

    /// - Parameters:
    ///   - keep: Numbers of the variants that stay when others are drawn anew; nil where none are.
    ///   - seed: Of what is drawn anew; nil for the one that a re-roll would take.
    ///   - hints: Nil for the result's own.
    ///   - wanted: The variants' draws; nil for the result's own, or for what `keep` leaves.
    init?(
        _ facts: ResultFacts, keep: Set<Int>?, seed: UInt64?, chosen: Int?, hints: [ColorHint]?,
        as wanted: [Draw]? = nil
    ) {
        let metadata = facts.metadata
        guard var settings = ColoringSettings(of: metadata) else { return nil }
        self.hints = hints ?? metadata.givenHints.map { $0.relative(to: metadata.source) }
        settings.hints = []
        let source = metadata.source
        var request = ColoringRequest(
            source: .init(
                name: source.name, path: source.path, root: source.root ?? "", sha256: source.sha256,
                bytes: source.bytes, modified: source.modified),
            settings: settings)
        if let keep {
            guard let kept = metadata.kept(keep, chosen: chosen, pinned: request.fixed) else { return nil }
            self.seed = seed ?? metadata.nextSeed
            request.reroll = Reroll(seed: self.seed, kept: kept)
            self.kept = Set(kept.keys)
            draws = nil
        } else {
            guard wanted == nil || wanted?.count == metadata.variants.count else { return nil }
            let shown = metadata.variants.map { metadata.draw(of: $0) }
            let own = wanted ?? shown
            self.seed = metadata.reroll?.seed ?? settings.seed
            request.reroll = Reroll(seed: self.seed, showing: own)
            kept = wanted == nil ? [] : Set(own.indices.filter { own[$0] == shown[$0] })
            draws = own
        }
        self.request = request
        let fixed = request.fixed.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        key = "\(source.sha256) \(settings.key) \(self.seed) \(fixed)"
    }
}

extension ColorHint {
    /// This hint on a picture of another size.
    fileprivate func relative(to source: ResultMetadata.Source) -> ColorHint {
        let (width, height) = (Double(source.width), Double(source.height))
        return ColorHint(
            x: .percent(100 * x.share(of: width)), y: .percent(100 * y.share(of: height)), color: color,
            radius: radius.map { .percent(100 * $0.share(of: max(width, height))) })
    }
}
