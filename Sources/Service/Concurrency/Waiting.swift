import Foundation

/// Waits for some seconds, or until there is no reason to wait any more.
func wait(seconds: Double, while isWanted: () -> Bool) {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end, isWanted() { usleep(50_000) }
}
