import Kernels
import Tensor

/// Random crops of photographs as batches, each a function of its number, so that a training can go on anywhere.
struct Batches: Sendable {
    /// Normalised L [N, 1, 256, 256] and normalised chroma with noise [N, 2, 64, 64].
    typealias Batch = (lightness: Tensor, chroma: Tensor)

    let photographs: PhotographSet
    let size: Int
    let seed: UInt64
    /// Standard deviation of the noise on chroma.
    let noise: Float
    /// Smallest crop, as a share of the side.
    let smallest: Double

    /// Batches of one pass over the photographs.
    var perEpoch: Int { max(1, photographs.items.count / size) }

    /// The batch of a step, counted from 0; every photograph once, in random order, before any comes again.
    func batch(_ step: Int, _ execution: Execution) -> Batch {
        let count = photographs.items.count
        var orders: [Int: [Int]] = [:]
        let picks = (0..<size).map { place in
            let (epoch, index) = (step * size + place).quotientAndRemainder(dividingBy: count)
            if orders[epoch] == nil {
                var stream = RandomStream(high: 1 << 32 | UInt64(epoch), low: seed)
                orders[epoch] = (0..<count).shuffled(using: &stream)
            }
            return orders[epoch, default: []][index]
        }
        return assemble(picks, execution) { place in
            var stream = RandomStream(high: 2 << 56 | UInt64(step) << 16 | UInt64(place), low: seed)
            let crop = TrainingPhotograph.Crop(smallest: smallest, &stream)
            return (crop, stream)
        }
    }

    /// Whole photographs, in order, with the same noise each time.
    func plain(_ range: Range<Int>, _ execution: Execution) -> Batch {
        assemble(Array(range), execution) { place in
            (TrainingPhotograph.Crop(), RandomStream(high: 3 << 56 | UInt64(range.lowerBound + place), low: seed))
        }
    }

    private func assemble(
        _ picks: [Int], _ execution: Execution,
        _ plan: @Sendable (Int) -> (TrainingPhotograph.Crop, RandomStream)
    ) -> Batch {
        let parts = execution.map(picks.count) { place in
            var (crop, stream) = plan(place)
            let (lightness, chroma) = photographs.items[picks[place]].photograph.tensors(crop)
            let noise = stream.normals(chroma.count)
            return (lightness, Tensor(chroma.shape, zip(chroma.values, noise).map { $0 + self.noise * $1 }))
        }
        return (.stacked(parts.map(\.0)), .stacked(parts.map(\.1)))
    }
}
