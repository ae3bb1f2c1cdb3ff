import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Service

@Suite struct ReadersWriterLockTests {
    @Test func oneThatMustBeAloneIs() {
        let access = ReadersWriterLock()
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
        let access = ReadersWriterLock()
        let order = Mutex<[String]>([])
        let group = DispatchGroup()
        func begin(_ name: String, alone: Bool) {
            group.enter()
            Thread.detachNewThread {
                access.access(alone: alone) { order.withLock { $0.append(name) } }
                group.leave()
            }
        }
        access.access(alone: false) {
            begin("suspect", alone: true)
            #expect(eventually { access.isAwaited })
            begin("another", alone: false)
        }
        group.wait()
        #expect(order.withLock { $0 } == ["suspect", "another"])
    }
}
