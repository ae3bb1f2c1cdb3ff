import Foundation

/// The training record in a model file's metadata.
struct TrainingRecord {
    private let object: [String: Any]

    init(_ state: ColorizationState, photographs: Int, skipped: Int, validation: Double?) {
        var object: [String: Any] = [
            "data": "\(photographs) photographs of the user's own", "steps": state.step,
            "pretraining": min(state.step, state.settings.pretraining),
            "batch": state.settings.batch, "seed": Int(truncatingIfNeeded: state.settings.seed), "skipped": skipped,
            "rate": state.settings.rate, "curve": state.curve,
        ]
        if let validation { object["validation"] = ["nll_per_dim": validation] }
        let origin = try? JSONSerialization.jsonObject(
            with: Data(state.origin.utf8), options: .fragmentsAllowed)
        if let origin, !(origin is NSNull) {
            object["start"] = origin
            if let licence = (origin as? [String: Any])?["licence"] { object["licence"] = licence }
        }
        self.object = object
    }

    func json() throws -> String {
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }
}
