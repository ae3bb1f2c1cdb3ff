import Colorization
import Foundation
import Testing

@testable import Service

@Suite struct InFlightRegistryTests {
    @Test func showsWhatIsInHand() throws {
        let registry = InFlightRegistry()
        #expect(registry.isIdle)
        let first = registry.begin("a.jpg")
        let second = registry.begin("b.jpg")
        try registry.advance(second, to: .sampling)
        #expect(registry.entries.map(\.path) == ["a.jpg", "b.jpg"])
        #expect(registry.entries.map(\.stage) == [.opening, .sampling])
        #expect(registry.entries.allSatisfy { $0.silent >= 0 && $0.seconds >= $0.silent })
        registry.end(first)
        registry.end(second)
        #expect(registry.isIdle)
    }

    /// `status` shows them, and programs read them there.
    @Test func stagesKeepTheirNames() throws {
        let names = [
            "opening", "waiting for its turn", "waiting for memory", "decoding", "conditioning", "sampling",
            "rendering",
            "publishing", "moving",
        ]
        #expect(JobStage.allCases.map(\.rawValue) == names)
        #expect(JobStage.allCases.filter(\.isWaiting) == [.waitingForTurn, .waitingForMemory])
        #expect(ColoringStage.allCases.allSatisfy { JobStage($0).rawValue == $0.rawValue })
    }

    @Test func abandonedWorkGivesUpAtItsNextStep() throws {
        let registry = InFlightRegistry()
        let token = registry.begin("a.jpg")
        try registry.advance(token, to: .decoding)
        registry.abandon()
        #expect(throws: CancellationError.self) { try registry.advance(token, to: .sampling) }
        #expect(ErrorClass(CancellationError(), of: "a.jpg") == .abandoned)
    }

    private func entry(_ stage: JobStage, _ seconds: Double, silent: Double) -> InFlightRegistry.Entry {
        InFlightRegistry.Entry(path: "a", stage: stage, seconds: seconds, silent: silent)
    }

    @Test func slowIsNotStuck() {
        #expect(!InFlightRegistry.isStuck([], decodeSeconds: 120))
        #expect(!InFlightRegistry.isStuck([entry(.rendering, 90_000, silent: 400)], decodeSeconds: 120))
        let waiting = entry(.waitingForMemory, 90_000, silent: 90_000)
        #expect(!InFlightRegistry.isStuck([waiting, entry(.rendering, 90_000, silent: 1)], decodeSeconds: 120))
    }

    @Test func silenceIsStuck() {
        #expect(InFlightRegistry.isStuck([entry(.rendering, 500, silent: 421)], decodeSeconds: 120))
        #expect(
            InFlightRegistry.isStuck(
                [entry(.decoding, 500, silent: 421), entry(.rendering, 500, silent: 1)], decodeSeconds: 120))
        let waiting = entry(.waitingForTurn, 90_000, silent: 90_000)
        #expect(InFlightRegistry.isStuck([waiting, waiting], decodeSeconds: 120), "all wait, and for nobody")
    }
}
