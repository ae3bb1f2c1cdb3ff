import Foundation
import Testing

@testable import Spool

@Suite struct JobMachineTests {
    private let now = Date(timeIntervalSince1970: 1_000_000)

    private func machine(_ state: JobState, attempts: Int = 1, deaths: Int = 0) -> JobMachine {
        JobMachine(state: state, attempts: attempts, deaths: deaths, policy: RetryPolicy())
    }

    @Test func theGoodWay() {
        var machine = machine(.received, attempts: 0)
        #expect(machine.handle(.arrived(isChanged: false), at: now) == .enqueue)
        #expect(machine.handle(.claimed, at: now) == .leave)
        #expect(machine.attempts == 1)
        #expect(machine.handle(.published(isCurrent: true), at: now) == .settleOriginal)
        #expect(machine.state == .published)
        #expect(machine.handle(.arrived(isChanged: false), at: now) == .settleOriginal)
        #expect(machine.state == .published)
        #expect(machine.handle(.arrived(isChanged: true), at: now) == .enqueue)
        #expect(machine.attempts == 0)
    }

    @Test func passingErrorsAreTriedAgainEverLater() {
        var machine = machine(.received, attempts: 0)
        var waits: [Double] = []
        for _ in 0..<4 {
            _ = machine.handle(.claimed, at: now)
            guard case .enqueueLater(let date) = machine.handle(.failedForNow(reason: "busy"), at: now) else {
                Issue.record("no further try")
                return
            }
            waits.append(date.timeIntervalSince(now))
        }
        #expect(waits == [30, 60, 120, 240])
        _ = machine.handle(.claimed, at: now)
        let reason = "gave up after 5 tries: busy"
        #expect(machine.handle(.failedForNow(reason: "busy"), at: now) == .setAside(reason: reason))
        #expect(machine.state == .failed(reason: reason))
        #expect(machine.handle(.retried, at: now) == .enqueueLater(now))
        #expect(machine.attempts == 0)
    }

    @Test func twoDeathsMeanQuarantine() {
        var machine = machine(.claimed)
        #expect(machine.handle(.processDied, at: now) == .enqueue)
        _ = machine.handle(.claimed, at: now)
        guard case .setAside = machine.handle(.processDied, at: now) else {
            Issue.record("not set aside")
            return
        }
        #expect(!machine.state.isPending)
    }

    @Test func anOrderlyEndClearsTheSuspicion() {
        var machine = machine(.claimed, deaths: 1)
        _ = machine.handle(.failedForNow(reason: "busy"), at: now)
        #expect(machine.deaths == 0)
    }

    @Test func givingBackCostsNoTry() {
        var machine = machine(.received, attempts: 0)
        for _ in 0..<20 {
            _ = machine.handle(.claimed, at: now)
            #expect(machine.handle(.putBack, at: now) == .enqueue)
        }
        #expect(machine.attempts == 0)
    }

    @Test func aFileReplacedDuringItsWorkIsDoneAgain() {
        var machine = machine(.claimed)
        #expect(machine.handle(.arrived(isChanged: true), at: now) == .leave)
        #expect(machine.handle(.published(isCurrent: false), at: now) == .enqueue)
        #expect(machine.state == .received)
    }

    @Test func aClockSetBackDelaysNothing() {
        var machine = machine(.waiting(until: now + 10_000_000, reason: "busy"))
        #expect(machine.handle(.arrived(isChanged: false), at: now) == .enqueue)
    }

    @Test(arguments: [JobState.failed(reason: "bad"), .quarantined(reason: "bad")])
    func anUnfinishedMoveIsFinished(_ state: JobState) {
        var machine = machine(state)
        #expect(machine.handle(.arrived(isChanged: false), at: now) == .setAside(reason: "bad"))
        #expect(machine.state == state)
    }

    @Test func waitsStayWithinTheLongest() {
        #expect(RetryPolicy().wait(after: 1) == 30)
        #expect(RetryPolicy().wait(after: 1000) == 3600)
    }

    @Test func whatWorkersDiedOverIsQuarantinedUnlessItIsAnotherFile() {
        var machine = machine(.claimed)
        #expect(machine.handle(.quarantined(reason: "died", isCurrent: false), at: now) == .enqueue)
        _ = machine.handle(.claimed, at: now)
        #expect(machine.handle(.quarantined(reason: "died", isCurrent: true), at: now) == .setAside(reason: "died"))
        #expect(machine.state == .quarantined(reason: "died"))
    }
}
