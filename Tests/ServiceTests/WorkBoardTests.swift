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

    /// A steady flow of others must not keep one that must be alone waiting.
    @Test func oneThatMustBeAloneIsNotStarved() {
        let access = SharedAccess()
        let stop = Atomic<Bool>(false)
        let alone = Atomic<Bool>(false)
        let group = DispatchGroup()
        // Two that overlap: each waits inside for the other to have come in.
        let relay = (0..<2).map { _ in DispatchSemaphore(value: 0) }
        for index in 0..<2 {
            group.enter()
            Thread.detachNewThread {
                while !stop.load(ordering: .sequentiallyConsistent) {
                    access.access(alone: false) {
                        relay[index].signal()
                        _ = relay[1 - index].wait(timeout: .now() + 0.05)
                    }
                }
                group.leave()
            }
        }
        group.enter()
        Thread.detachNewThread {
            access.access(alone: true) { alone.store(true, ordering: .sequentiallyConsistent) }
            group.leave()
        }
        #expect(eventually { alone.load(ordering: .sequentiallyConsistent) })
        stop.store(true, ordering: .sequentiallyConsistent)
        group.wait()
    }
}
