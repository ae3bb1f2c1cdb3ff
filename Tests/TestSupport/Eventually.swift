import Foundation

/// Holds up the thread until something holds; false if it does not within a time far above what it takes.
package func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while try !condition() {
        if ContinuousClock.now > end { return false }
        usleep(5000)
    }
    return true
}
