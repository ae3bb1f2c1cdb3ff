import Foundation
import Spool
import Synchronization
import Testing

@testable import Service

@Suite struct WorkGateTests {
    @Test func handsEveryFileToOneWorker() {
        let gate = WorkGate()
        let taken = Mutex<[String]>([])
        let pool = WorkerPool()
        pool.start(workers: 4, take: gate.take) { candidate in
            taken.withLock { $0.append(candidate.path.description) }
            gate.finish(candidate)
        }
        for index in 0..<200 { gate.push(candidate("\(index).jpg")) }
        gate.waitUntilIdle()
        #expect(gate.isIdle)
        gate.close()
        pool.wait()
        #expect(taken.withLock { $0.sorted() } == (0..<200).map { "\($0).jpg" }.sorted())
    }

    /// A worker that queues work while another thread waits for the end must wake a worker, not only that thread.
    @Test func whatIsQueuedWhileSomeoneWaitsForTheEndIsTaken() {
        let gate = WorkGate()
        let secondInHand = DispatchSemaphore(value: 0)
        let pool = WorkerPool()
        // The thread that waits for the end is the first in the condition's line.
        gate.push(candidate("first"))
        let first = gate.take()!
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            gate.waitUntilIdle()
            ended.signal()
        }
        Thread.sleep(forTimeInterval: 0.05)
        pool.start(workers: 1, take: gate.take) {
            secondInHand.signal()
            gate.finish($0)
        }
        Thread.sleep(forTimeInterval: 0.05)
        gate.push(candidate("second"))
        #expect(secondInHand.wait(timeout: .now() + 20) == .success)
        gate.finish(first)
        ended.wait()
        gate.close()
        pool.wait()
    }

    @Test func aPauseHoldsWorkBackAndEndsAWait() {
        let gate = WorkGate()
        gate.pause("disk full")
        gate.push(candidate("a"))
        #expect(gate.pauseReason == "disk full")
        // Does not wait for what will not be handed out.
        gate.waitUntilIdle()
        let taken = Atomic<Int>(0)
        let pool = WorkerPool()
        pool.start(workers: 2, take: gate.take) {
            taken.add(1, ordering: .sequentiallyConsistent)
            gate.finish($0)
        }
        Thread.sleep(forTimeInterval: 0.05)
        #expect(taken.load(ordering: .sequentiallyConsistent) == 0)
        #expect(gate.queued == 1)
        gate.resume()
        gate.waitUntilIdle()
        #expect(taken.load(ordering: .sequentiallyConsistent) == 1)
        #expect(gate.pauseReason == nil)
        gate.close()
        pool.wait()
    }

    @Test func aClosedGateHandsOutNothing() {
        let gate = WorkGate()
        gate.push(candidate("a"))
        gate.close()
        #expect(gate.take() == nil)
        gate.waitUntilIdle()
    }

    @Test func aFileQueuedTwiceIsHandedOutOnce() {
        let gate = WorkGate()
        gate.push(candidate("a"))
        gate.push(candidate("a"))
        #expect(gate.queued == 1)
        #expect(gate.take()?.path.description == "a")
        #expect(!gate.isIdle)
    }

    @Test func aFileTakenTwiceIsInHandUntilBothAreDone() {
        let gate = WorkGate()
        gate.push(candidate("a"))
        let first = gate.take()!
        gate.push(candidate("a"))
        gate.finish(gate.take()!)
        #expect(!gate.isIdle)
        gate.finish(first)
        #expect(gate.isIdle)
    }
}
