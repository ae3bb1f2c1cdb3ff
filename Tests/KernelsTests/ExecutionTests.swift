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

    @Test func processorFeatures() {
        let complete = "processor : 0\nflags\t\t: fpu avx2 fma bmi1 bmi2 f16c movbe sse\nbogomips : 1\n"
        #expect(Processor.missing(in: complete).isEmpty)
        let old = "processor : 0\nflags\t\t: fpu avx sse sse2 bmi1 bmi2 f16c movbe\n"
        #if arch(x86_64)
            #expect(Processor.missing(in: old) == ["avx2", "fma"])
        #endif
        #expect(Processor.check().isEmpty)
    }
}
