import Kernels
import Tensor
import Testing

@testable import Flow

@Suite struct DrawSelectionTests {
    private static let places = 64
    private let lightness = (0..<places).map { 20 + Float($0) }
    private let mode: DrawSelection.Look
    private var draws: [DrawSelection.Look]

    init() {
        mode = Self.look([Float](repeating: 3, count: 2 * Self.places))
        draws = (0..<12).map { Self.look(latents([2 * Self.places], seed: 80 + $0, temperature: 12).values) }
    }

    /// Colours, and a picture that follows them.
    private static func look(_ chroma: [Float]) -> DrawSelection.Look {
        let picture = (0..<3 * places).map { (i: Int) -> Float in 0.5 + chroma[i % (2 * places)] / 2000 }
        return .init(chroma: chroma, picture: picture)
    }

    private func selection(_ execution: Execution = .single) -> DrawSelection {
        DrawSelection(lightness: lightness, center: mode.chroma, mode: mode, draws: draws, execution)
    }

    @Test mutating func tintsAreLeftOut() {
        for tinted in [2, 5] { draws[tinted] = Self.look(draws[tinted].chroma.map { $0 + 20 }) }
        let choice = selection().choose(7, of: Array(0..<12), beside: [nil])
        #expect(choice.tinted == [2, 5])
        #expect(Set(choice.chosen).isDisjoint(with: [2, 5]) && Set(choice.chosen).count == 7)
    }

    /// Where there are too few others, the faintest tints are shown.
    @Test mutating func variantsAreNeverMissing() {
        for i in draws.indices { draws[i] = Self.look(draws[i].chroma.map { $0 + 20 + 6 * Float(i) }) }
        let choice = selection().choose(3, of: Array(0..<12), beside: [nil])
        #expect(choice.chosen.sorted() == [0, 1, 2])
        #expect(choice.tinted == Array(3..<12))
    }

    @Test mutating func twinsAreNotShownTogether() {
        for i in 4..<12 { draws[i] = draws[i % 4] }
        let choice = selection().choose(4, of: Array(0..<12), beside: [nil])
        #expect(Set(choice.chosen.map { $0 % 4 }).count == 4)
    }

    @Test func threadsAndOrderOfCandidatesChangeNothing() {
        let choice = selection().choose(5, of: Array(0..<12), beside: [nil, 3])
        #expect(selection(Execution(threads: 3)).choose(5, of: Array(0..<12), beside: [nil, 3]) == choice)
        #expect(selection().choose(12, of: Array(0..<12), beside: []).chosen.sorted() == Array(0..<12))
        #expect(selection().choose(0, of: [4, 5], beside: [nil]).chosen.isEmpty)
    }

    @Test func chosenDrawsAreFartherApartThanTheFirst() {
        let selection = selection()
        func spread(_ draws: [Int]) -> Double {
            var sum = 0.0
            for a in draws { for b in draws { sum += selection.distance(a, b) } }
            return sum
        }
        #expect(spread(selection.choose(4, of: Array(0..<12), beside: []).chosen) > spread([0, 1, 2, 3]))
    }

    /// CIE94's difference of chroma, where dark places count less.
    @Test func distancesAreWhatTheyShouldBe() {
        let selection = selection()
        for (i, j) in [(0, 1), (4, 9)] {
            let (a, b) = (draws[i].chroma, draws[j].chroma)
            var (sum, total) = (0.0, 0.0)
            for p in 0..<Self.places {
                let weight = min(1, Double(lightness[p]) / 50)
                let q = p + Self.places
                func length(_ x: Float, _ y: Float) -> Double { Double(x * x + y * y).squareRoot() }
                let strength = (length(a[p], a[q]) * length(b[p], b[q])).squareRoot()
                let apart = length(a[p] - b[p], a[q] - b[q])
                sum += weight * apart / (1 + 0.045 * strength)
                total += weight
            }
            #expect(abs(selection.distance(i, j) - sum / total) < 1e-4)
            #expect(selection.distance(j, i) == selection.distance(i, j))
        }
        #expect(selection.distance(nil, nil) == 0)
    }
}
