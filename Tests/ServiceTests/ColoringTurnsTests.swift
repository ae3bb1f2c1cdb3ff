import Foundation
import Synchronization
import Testing

@testable import Colorization

@Suite struct ColoringTurnsTests {
    @Test func neverMoreThanTheTurnsAreTaken() {
        let turns = ColoringTurns(3)
        let taken = Mutex((now: 0, most: 0, served: 0))
        DispatchQueue.concurrentPerform(iterations: 64) { _ in
            turns.take {
                taken.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                    $0.served += 1
                }
                Thread.sleep(forTimeInterval: 0.001)
                taken.withLock { $0.now -= 1 }
            }
        }
        let (now, most, served) = taken.withLock { $0 }
        #expect(now == 0 && served == 64)
        #expect(most <= 3)
    }

    @Test func aTurnThatFailsIsGivenBack() {
        let turns = ColoringTurns(1)
        for _ in 0..<3 {
            #expect(throws: CancellationError.self) { try turns.take { throw CancellationError() } }
        }
        #expect(turns.take { 7 } == 7)
    }
}
