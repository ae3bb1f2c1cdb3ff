import ArgumentParser
import Colorization
import Imaging

extension OutputFormat: ExpressibleByArgument {}
extension ColoringSettings.ColoredPolicy: ExpressibleByArgument {}

/// How photographs are coloured; what is not given stays as settings files or defaults have it.
struct ColoringOptions: ParsableArguments {
    @Option(help: "Variants of each photograph, 1 to 99. (default: 8)") var samples: Int?
    @Option(help: "Selects the variants; the same seed gives the same. (default: 1)") var seed: UInt64?
    @Option(help: "Spread of the variants, 0 to 2; 1 is what was learned. (default: 0.7)") var temperature: Double?
    @Option(help: "Factor on the strength of all colours, 0 to 3. (default: 1)") var saturation: Double?
    @Option(help: "jpeg, png, webp or tiff. (default: jpeg)") var format: OutputFormat?
    @Option(help: "Quality of jpeg and webp, 1 to 100. (default: 92)") var quality: Int?
    @Option(help: "Photographs already in colour: skip, recolor or reject. (default: skip)")
    var colored: ColoringSettings.ColoredPolicy?
    @Flag(inversion: .prefixedNo, help: "Make variant 1 the most likely colouring. (default: yes)") var modeFirst: Bool?
    @Flag(inversion: .prefixedNo, help: "Write a contact sheet.") var sheet: Bool?
    @Flag(inversion: .prefixedNo, help: "Write a map of where the variants disagree.") var uncertainty: Bool?

    func validate() throws {
        var settings = ColoringSettings()
        apply(to: &settings)
        do { try settings.validate() } catch { throw ValidationError("\(error)") }
    }

    func apply(to settings: inout ColoringSettings) {
        if let samples { settings.samples = samples }
        if let seed { settings.seed = seed }
        if let temperature { settings.temperature = temperature }
        if let saturation { settings.saturation = saturation }
        if let format { settings.format = format }
        if let quality { settings.quality = quality }
        if let colored { settings.colored = colored }
        if let modeFirst { settings.modeFirst = modeFirst }
        if let sheet { settings.sheet = sheet }
        if let uncertainty { settings.uncertainty = uncertainty }
    }
}
