import Foundation
import Synchronization
import Testing

@testable import Kernels

@Suite struct ExecutionTests {
    @Test(arguments: [1, 2, 7], [0, 1, 5, 1000])
    func everyIndexOnce(threads: Int, count: Int) {
        let calls = Mutex([Int](repeating: 0, count: count))
        let workers = Mutex(Set<ObjectIdentifier>())
        Execution(threads: threads).parallel(count) { index in
            calls.withLock { $0[index] += 1 }
            workers.withLock { _ = $0.insert(ObjectIdentifier(Thread.current)) }
        }
        #expect(calls.withLock { $0 } == [Int](repeating: 1, count: count))
        #expect(workers.withLock { $0.count } <= threads)
    }

    @Test func scratchIsNotSharedByNestedCalls() {
        Scratch.with(1000) { outer in
            outer.update(repeating: 1, count: 1000)
            Scratch.with(1000) { inner in
                inner.update(repeating: 2, count: 1000)
                #expect(outer != inner)
                #expect(UInt(bitPattern: inner) % 64 == 0)
            }
            #expect((0..<1000).allSatisfy { outer[$0] == 1 })
        }
    }
}
