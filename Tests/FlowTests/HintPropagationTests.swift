import Kernels
import Tensor
import Testing

@testable import Flow

@Suite struct HintPropagationTests {
    private typealias Known = HintPropagation.Observation
    private static let execution = Execution(threads: 2)
    private let mode = latents([1, 2, 64, 64], seed: 62, temperature: 10)
    private let draws = (0..<6).map { latents([1, 2, 64, 64], seed: 70 + $0, temperature: 10) }
    private let propagation: HintPropagation

    init() {
        let lightness = RandomWeights(seed: 61).input("lightness", [1, 1, 256, 256], scale: 1.7)
        let colorizer = Colorizer(random: .compact(width: 0.0625, features: 16, seed: 60))
        propagation = HintPropagation(
            colorizer.conditions(lightness: lightness, Self.execution),
            lightness: Tensor(lightness.shape, lightness.values.map { 50 + 25 * $0 }), mode: mode, draws: draws,
            temperature: 0.7, Self.execution)
    }

    /// Scattered places with strong colours.
    private func known(_ count: Int) -> [Known] {
        (0..<count).map { i in
            let (a, b): (Float, Float) = (i % 3 == 0 ? 40 : -30, i % 2 == 0 ? -35 : 25)
            return Known(place: i * 2731 % 4096, chroma: SIMD2(a, b))
        }
    }

    /// How far colourings are from what is known, at most.
    private func worst(_ samples: [Tensor], _ known: [Known]) -> Float {
        var worst: Float = 0
        for sample in samples {
            let values = sample.values
            for known in known {
                for channel in 0..<2 {
                    worst = max(worst, abs(values[channel * 4096 + known.place] - known.chroma[channel]))
                }
            }
        }
        return worst
    }

    /// How far a colouring is from what is known, on average.
    private func mean(_ sample: Tensor, _ known: [Known]) -> Float {
        let distances = known.map { known in
            abs(sample.values[known.place] - known.chroma.x) + abs(sample.values[4096 + known.place] - known.chroma.y)
        }
        return distances.reduce(0, +) / Float(known.count)
    }

    @Test(arguments: [1, 12])
    func allColoringsComeNear(count: Int) {
        let known = known(count)
        let all = [mode] + draws
        let changed = propagation(all, known, Self.execution)
        #expect(changed.allSatisfy { $0.values.allSatisfy(\.isFinite) })
        #expect(worst(all, known) > 40 && worst(changed, known) < 8)
    }

    /// Places this close to each other contradict one another; pixels have the rest.
    @Test func aThousandContradictionsAreFollowedAsFarAsTheyGo() {
        let known = known(1000)
        let changed = propagation([mode], known, Self.execution)
        #expect(changed[0].values.allSatisfy { $0.isFinite })
        #expect(mean(changed[0], known) < mean(mode, known) / 3)
    }

    @Test func contradictionsBesideEachOtherAreBothFollowed() {
        let known = [
            Known(place: 2080, chroma: SIMD2(50, 30)), Known(place: 2081, chroma: SIMD2(-50, -30)),
        ]
        let changed = propagation([mode], known, Self.execution)
        #expect(worst(changed, known) < 12)
        #expect(changed[0].values.allSatisfy { abs($0) < 300 })
    }

    /// What surprises is an object's own; what does not goes farther, for its size.
    @Test func surprisesStayWithTheirObject() {
        func reach(_ strength: Float) -> Float {
            let place = 1000
            let own = SIMD2(mode.values[place], mode.values[4096 + place])
            let known = [Known(place: place, chroma: own + SIMD2(strength, strength))]
            let changed = propagation([mode], known, Self.execution)[0].values
            let changes = (0..<4096).map { abs(changed[$0] - mode.values[$0]) }
            return changes.reduce(0, +) / changes[place]
        }
        #expect(reach(60) < 0.8 * reach(2))
    }

    @Test func gray() {
        let known = [Known(place: 100, chroma: SIMD2(0, 0))]
        #expect(worst(propagation(draws, known, Self.execution), known) < 4)
    }

    @Test func whatIsAlreadySoChangesNothing() {
        let known = [7, 3000].map { Known(place: $0, chroma: SIMD2(mode.values[$0], mode.values[4096 + $0])) }
        #expect(largestDifference(propagation([mode], known, Self.execution)[0], mode) < 1e-3)
        #expect(propagation([mode], [], Self.execution)[0].values == mode.values)
    }

    @Test func threadsChangeNoBitAndCompanyHardlyAny() {
        let known = known(20)
        let all = propagation(draws, known, Execution(threads: 3))
        #expect(propagation(draws, known, .single).map(\.values) == all.map(\.values))
        #expect(largestDifference(propagation([draws[2]], known, .single)[0], all[2]) < 1e-2)
    }

    @Test func withoutDrawsTheRegressionIsEnough() {
        let colorizer = Colorizer(random: .compact(width: 0.0625, features: 16, seed: 60))
        let lightness = Tensor([1, 1, 256, 256])
        let alone = HintPropagation(
            colorizer.conditions(lightness: lightness, Self.execution), lightness: lightness, mode: mode, draws: [],
            temperature: 0, Self.execution)
        let known = known(3)
        #expect(worst(alone([mode], known, Self.execution), known) < 8)
    }
}
