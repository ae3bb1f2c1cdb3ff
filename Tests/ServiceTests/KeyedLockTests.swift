import Foundation
import Synchronization
import Testing

@testable import Service

@Suite struct KeyedLockTests {
    @Test func oneKeyIsWorkedOnByOneAtATime() {
        let turns = KeyedLock<Int>()
        let working = Mutex([Int](repeating: 0, count: 3))
        let most = Mutex([Int](repeating: 0, count: 3))
        DispatchQueue.concurrentPerform(iterations: 60) { index in
            let key = index % 3
            turns.take(key) {
                let now = working.withLock {
                    $0[key] += 1
                    return $0[key]
                }
                most.withLock { $0[key] = max($0[key], now) }
                Thread.sleep(forTimeInterval: 0.0005)
                working.withLock { $0[key] -= 1 }
            }
        }
        #expect(most.withLock { $0 } == [1, 1, 1])
    }

    @Test func otherKeysDoNotWaitAndAnErrorEndsATurn() throws {
        let turns = KeyedLock<String>()
        #expect(throws: POSIXError.self) {
            try turns.take("a") { try turns.take("b") { throw POSIXError(.EIO) } }
        }
        #expect(turns.take("a") { turns.take("b") { 1 } } == 1)
    }
}
