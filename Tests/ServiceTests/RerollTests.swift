import Colorization
import Foundation
import TestSupport
import Testing

@testable import Service

@Suite struct RerollTests {
    private let source = ColoringRequest.Source(
        name: "a", path: "/a", root: "/", sha256: String(repeating: "ab", count: 32), bytes: 1, modified: Date())

    private func request(
        _ reroll: Reroll? = nil, _ change: (inout ColoringSettings) -> Void = { _ in }
    ) -> ColoringRequest {
        var settings = ColoringSettings()
        settings.samples = 4
        change(&settings)
        return ColoringRequest(source: source, settings: settings, reroll: reroll)
    }

    private func draw(_ index: Int, seed: UInt64 = 1) -> Draw { .sample(seed: seed, index: index) }

    @Test func theModeIsFirstAndTheRestIsChosen() {
        let plain = request()
        #expect(plain.fixed == [0: .mode])
        #expect(plain.candidates == (0..<31).map { draw($0) })
        #expect(plain.draws(choosing: [draw(9), draw(3), draw(5)]) == [.mode, draw(9), draw(3), draw(5)])
        let drawn = request { $0.modeFirst = false }
        #expect(drawn.fixed == [:] && drawn.candidates.count == 32)
    }

    /// As it was before there was anything to choose from.
    @Test func asManyCandidatesAsVariantsAreAllShown() {
        for count in [1, 4] {
            let request = request { $0.candidates = count }
            #expect(request.candidates == (0..<3).map { draw($0) })
            #expect(request.draws(choosing: request.candidates) == [.mode, draw(0), draw(1), draw(2)])
        }
    }

    @Test func whatIsKeptHasItsPlaceAndIsNotDrawnAgain() {
        let rerolled = request(Reroll(seed: 2, kept: [2: draw(1), 3: draw(0, seed: 2)]))
        #expect(rerolled.fixed == [0: .mode, 2: draw(1), 3: draw(0, seed: 2)])
        #expect(rerolled.candidates == (1..<30).map { draw($0, seed: 2) })
        #expect(
            rerolled.draws(choosing: rerolled.candidates) == [
                .mode, draw(1, seed: 2), draw(1), draw(0, seed: 2),
            ])
    }

    @Test func theModeMayBeKeptElsewhere() {
        let rerolled = request(Reroll(seed: 2, kept: [2: .mode]))
        #expect(rerolled.fixed == [2: .mode], "it is not shown twice")
    }

    @Test func fewerVariantsShowFewerOfWhatIsKept() {
        let reroll = Reroll(seed: 2, kept: [0: .mode, 1: draw(5), 2: draw(6), 3: draw(7)])
        let fewer = request(reroll) { $0.samples = 2 }
        #expect(fewer.draws(choosing: fewer.candidates) == [.mode, draw(5)])
        let more = request(reroll) { $0.samples = 5 }
        #expect(more.draws(choosing: more.candidates) == [.mode, draw(5), draw(6), draw(7), draw(0, seed: 2)])
    }
}
