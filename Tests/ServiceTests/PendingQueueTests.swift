import Files
import Foundation
import Spool
import Synchronization
import Testing

@testable import Service

@Suite struct PendingQueueTests {
    @Test func handsEveryFileToOneWorker() {
        let queue = PendingQueue()
        let taken = Mutex<[String]>([])
        let pool = WorkerPool()
        pool.start(workers: 4, take: queue.take) { candidate in
            taken.withLock { $0.append(candidate.path.description) }
            queue.finish(candidate)
        }
        for index in 0..<200 { queue.push(candidate("\(index).jpg")) }
        queue.waitUntilIdle()
        #expect(queue.isIdle)
        queue.close()
        pool.wait()
        #expect(taken.withLock { $0.sorted() } == (0..<200).map { "\($0).jpg" }.sorted())
    }

    /// A worker that queues work while another thread waits for the end must wake a worker, not only that thread.
    @Test func whatIsQueuedWhileSomeoneWaitsForTheEndIsTaken() {
        let queue = PendingQueue()
        let secondInHand = DispatchSemaphore(value: 0)
        let pool = WorkerPool()
        // The thread that waits for the end is the first in the condition's line.
        queue.push(candidate("first"))
        let first = queue.take()!
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            queue.waitUntilIdle()
            ended.signal()
        }
        Thread.sleep(forTimeInterval: 0.05)
        pool.start(workers: 1, take: queue.take) {
            secondInHand.signal()
            queue.finish($0)
        }
        Thread.sleep(forTimeInterval: 0.05)
        queue.push(candidate("second"))
        #expect(secondInHand.wait(timeout: .now() + 20) == .success)
        queue.finish(first)
        ended.wait()
        queue.close()
        pool.wait()
    }

    @Test func aPauseHoldsWorkBackAndEndsAWait() {
        let queue = PendingQueue()
        queue.pause("disk full")
        queue.push(candidate("a"))
        #expect(queue.pauseReason == "disk full")
        // Does not wait for what will not be handed out.
        queue.waitUntilIdle()
        let taken = Atomic<Int>(0)
        let pool = WorkerPool()
        pool.start(workers: 2, take: queue.take) {
            taken.add(1, ordering: .sequentiallyConsistent)
            queue.finish($0)
        }
        Thread.sleep(forTimeInterval: 0.05)
        #expect(taken.load(ordering: .sequentiallyConsistent) == 0)
        #expect(queue.count == 1)
        queue.resume()
        queue.waitUntilIdle()
        #expect(taken.load(ordering: .sequentiallyConsistent) == 1)
        #expect(queue.pauseReason == nil)
        queue.close()
        pool.wait()
    }

    @Test func aClosedQueueHandsOutNothing() {
        let queue = PendingQueue()
        queue.push(candidate("a"))
        queue.close()
        #expect(queue.take() == nil)
        queue.waitUntilIdle()
    }

    @Test func aFileQueuedTwiceIsHandedOutOnce() {
        let queue = PendingQueue()
        queue.push(candidate("a"))
        queue.push(candidate("a"))
        #expect(queue.count == 1)
        #expect(queue.take()?.path.description == "a")
        #expect(!queue.isIdle)
    }

    @Test func aFileTakenTwiceIsInHandUntilBothAreDone() {
        let queue = PendingQueue()
        queue.push(candidate("a"))
        let first = queue.take()!
        queue.push(candidate("a"))
        queue.finish(queue.take()!)
        #expect(!queue.isIdle)
        queue.finish(first)
        #expect(queue.isIdle)
    }

    /// Other machines have enough of the backlog: what arrives goes past it.
    @Test func filesOfOneOriginAreKeptBack() {
        let queue = PendingQueue()
        let arrival = Candidate(
            path: RelativePath("new")!, stamp: .unknown, arrival: Date(), origin: .arrival)
        queue.hold([.backlog])
        for name in ["a", "b"] { queue.push(candidate(name)) }
        queue.push(arrival)
        #expect(queue.take() == arrival)
        #expect(queue.count == 2)
        queue.hold([])
        #expect(queue.take()?.path.description == "a")
    }
}
