import Imaging
import Tensor

/// What the variants made of the hints.
struct HintReport {
    /// One hint's colours so far.
    private struct Entry {
        let target: HintTarget
        var lightness: Float = 0
        var sum = SIMD2<Float>()
        var worst: Float = 0
        var isHeld = false
        var count: Float = 0
    }

    private var entries: [Entry]
    private let saturation: Double

    init(_ targets: [HintTarget], _ saturation: Double) {
        entries = targets.map { Entry(target: $0) }
        self.saturation = saturation
    }

    /// Takes one more variant into account.
    mutating func add(_ field: ChromaField, _ renderer: Renderer) {
        for i in entries.indices {
            let hint = entries[i].target.hint
            let painted = renderer.color(field, x: hint.x, y: hint.y, saturation: saturation)
            let apart = painted.chroma - entries[i].target.chroma
            entries[i].lightness = painted.lightness
            entries[i].sum += painted.chroma
            entries[i].count += 1
            entries[i].worst = max(entries[i].worst, (apart * apart).sum().squareRoot())
            entries[i].isHeld = entries[i].isHeld || painted.isHeld
        }
    }

    /// For the document beside the variants.
    var metadata: [ResultMetadata.Hint] {
        entries.map { entry in
            var hint = ResultMetadata.Hint(entry.target.hint)
            let chroma = entry.sum / max(1, entry.count)
            let rgb = Lab.toRGB(Tensor([1, 3, 1, 1], [entry.lightness, chroma.x, chroma.y])).values.map {
                UInt8((max(0, min(1, $0)) * 255).rounded())
            }
            hint.reached = .init(red: rgb[0], green: rgb[1], blue: rgb[2])
            hint.agrees = entry.worst <= HintTarget.tolerance
            if hint.agrees == false { hint.reason = reason(entry) }
            return hint
        }
    }

    private func reason(_ entry: Entry) -> String {
        if saturation == 0 { return "the saturation is 0" }
        return entry.isHeld
            ? "sRGB has no such colour of the lightness that the photograph has there" : "another hint is too near"
    }
}
