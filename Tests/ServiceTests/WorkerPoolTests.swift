import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Service

@Suite struct WorkerPoolTests {
    /// More workers than cores all wait for work at the same time.
    @Test(arguments: [8, 64]) func everyWorkerHasAThread(count: Int) {
        let pool = WorkerPool()
        let waiting = Atomic<Int>(0)
        let end = DispatchSemaphore(value: 0)
        pool.start(workers: count) { () -> Int? in
            waiting.add(1, ordering: .sequentiallyConsistent)
            end.wait()
            return nil
        } work: { _ in
        }
        #expect(eventually { waiting.load(ordering: .sequentiallyConsistent) == count })
        for _ in 0..<count { end.signal() }
        pool.wait()
    }

    /// Workers that use up all threads there are for them leave some to others.
    @Test func blockedWorkersKeepNoOtherQueueWaiting() {
        let pool = WorkerPool()
        let end = DispatchSemaphore(value: 0)
        let count = 300
        pool.start(workers: count) { () -> Int? in
            end.wait()
            return nil
        } work: { _ in
        }
        let answered = DispatchSemaphore(value: 0)
        DispatchQueue(label: "test").async { answered.signal() }
        #expect(answered.wait(timeout: .now() + 20) == .success)
        for _ in 0..<count { end.signal() }
        pool.wait()
    }
}
