import Foundation
import Synchronization
import Testing

@testable import Service

@Suite struct WorkBoardTests {
    @Test func showsWhatIsInHand() throws {
        let board = WorkBoard()
        #expect(board.isIdle)
        let first = board.begin("a.jpg")
        let second = board.begin("b.jpg")
        try board.advance(second, to: "sampling")
        #expect(board.entries.map(\.path) == ["a.jpg", "b.jpg"])
        #expect(board.entries.map(\.stage) == ["opening", "sampling"])
        #expect(board.entries.allSatisfy { $0.silent >= 0 && $0.seconds >= $0.silent })
        board.end(first)
        board.end(second)
        #expect(board.isIdle)
    }

    @Test func abandonedWorkGivesUpAtItsNextStep() throws {
        let board = WorkBoard()
        let token = board.begin("a.jpg")
        try board.advance(token, to: "decoding")
        board.abandon()
        #expect(throws: CancellationError.self) { try board.advance(token, to: "sampling") }
        #expect(Verdict(CancellationError(), of: "a.jpg") == .abandoned)
    }
}

@Suite struct SharedAccessTests {
    @Test func oneThatMustBeAloneIs() {
        let access = SharedAccess()
        let state = Mutex((working: 0, together: false))
        DispatchQueue.concurrentPerform(iterations: 40) { index in
            let alone = index % 5 == 0
            access.access(alone: alone) {
                state.withLock {
                    $0.working += 1
                    if alone && $0.working > 1 { $0.together = true }
                }
                Thread.sleep(forTimeInterval: 0.001)
                state.withLock {
                    if alone && $0.working > 1 { $0.together = true }
                    $0.working -= 1
                }
            }
        }
        #expect(!state.withLock { $0.together })
        #expect(state.withLock { $0.working } == 0)
    }

    /// A steady flow of others must not keep one that must be alone waiting: those who come later go later.
    @Test func oneThatMustBeAloneIsNotOvertaken() {
        let access = SharedAccess()
        let order = Mutex<[String]>([])
        let group = DispatchGroup()
        func begin(_ name: String, alone: Bool) {
            group.enter()
            Thread.detachNewThread {
                access.access(alone: alone) { order.withLock { $0.append(name) } }
                group.leave()
            }
            // Long enough for it to take its place.
            Thread.sleep(forTimeInterval: 0.05)
        }
        access.access(alone: false) {
            begin("suspect", alone: true)
            begin("another", alone: false)
        }
        group.wait()
        #expect(order.withLock { $0 } == ["suspect", "another"])
    }

    private func entry(_ stage: String, _ seconds: Double, silent: Double) -> WorkBoard.Entry {
        WorkBoard.Entry(path: "a", stage: stage, seconds: seconds, silent: silent)
    }

    @Test func slowIsNotStuck() {
        #expect(!WorkBoard.isStuck([], decodeSeconds: 120))
        #expect(!WorkBoard.isStuck([entry("rendering", 90_000, silent: 400)], decodeSeconds: 120))
        let waiting = entry("waiting for memory", 90_000, silent: 90_000)
        #expect(!WorkBoard.isStuck([waiting, entry("rendering", 90_000, silent: 1)], decodeSeconds: 120))
    }

    @Test func silenceIsStuck() {
        #expect(WorkBoard.isStuck([entry("rendering", 500, silent: 421)], decodeSeconds: 120))
        #expect(
            WorkBoard.isStuck(
                [entry("decoding", 500, silent: 421), entry("rendering", 500, silent: 1)], decodeSeconds: 120))
        let waiting = entry("waiting for its turn", 90_000, silent: 90_000)
        #expect(WorkBoard.isStuck([waiting, waiting], decodeSeconds: 120), "all wait, and for nobody")
    }
}
