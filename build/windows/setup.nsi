; The installer for Windows. It installs for the person who runs it, asks for no rights,
; asks no network, and leaves the person's data alone, also when it uninstalls.
;   setup.exe [/S] [/D=FOLDER]
; Exit codes of a silent one: 0; 2 a program of it is running; 3 another system.
; build/package/windows.sh defines ARCH, VERSION, TREE, ICON, OUT, KILOBYTES and perhaps SIGN.

!include MUI2.nsh
!include LogicLib.nsh
!include x64.nsh

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Keyferry"
!define WEBVIEW2 "Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"

Name "Keyferry"
OutFile "${OUT}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\Keyferry"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
SetCompressor /SOLID lzma
SetDateSave on
ManifestDPIAware true
ManifestSupportedOS Win10
BrandingText "Keyferry ${VERSION}"

VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "Keyferry"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Installs Keyferry for ${ARCH}"
VIAddVersionKey CompanyName "Keyferry authors"
VIAddVersionKey LegalCopyright "Copyright (c) 2026 Keyferry authors"

!ifdef SIGN
  !uninstfinalize '"${SIGN}" "%1"'
!endif

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\keyferry.exe"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!define MUI_UNCONFIRMPAGE_TEXT_TOP "This removes the program. Your accounts, devices and backups stay where they are, in your user folder below AppData\Roaming\keyferry."
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

!macro Refuse code sentence
  MessageBox MB_OK|MB_ICONSTOP "${sentence}" /SD IDOK
  SetErrorLevel ${code}
  Quit
!macroend

; A program that runs cannot be written. It is asked for before anything is changed.
!macro NotRunning program
  ${Do}
    ${IfNot} ${FileExists} "$INSTDIR\${program}"
      ${ExitDo}
    ${EndIf}
    ClearErrors
    FileOpen $0 "$INSTDIR\${program}" a
    ${IfNot} ${Errors}
      FileClose $0
      ${ExitDo}
    ${EndIf}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "${program} is running. Close it, then try again." /SD IDCANCEL IDRETRY +3
      SetErrorLevel 2
      Quit
  ${Loop}
!macroend

Function .onInit
  ; Windows has this value since version 10. It has no 64-bit part of the registry if it
  ; is itself of 32 bits.
  SetRegView 64
  ReadRegDWORD $0 HKLM "SOFTWARE\Microsoft\Windows NT\CurrentVersion" "CurrentMajorVersionNumber"
  SetRegView lastused
  ${If} $0 < 10
    !insertmacro Refuse 3 "Keyferry needs Windows 10 or newer, of 64 bits."
  ${EndIf}
  !if ${ARCH} == arm64
    ${IfNot} ${IsNativeARM64}
      !insertmacro Refuse 3 "This is the installer for computers with an ARM processor. This computer needs the one for amd64."
    ${EndIf}
  !endif
FunctionEnd

Section
  !insertmacro NotRunning keyferry.exe
  !insertmacro NotRunning keyferryctl.exe
  SetOutPath "$INSTDIR"
  File "${TREE}/keyferry.exe"
  File "${TREE}/keyferryctl.exe"
  File "${TREE}/LICENCE.txt"
  File "${TREE}/THIRD-PARTY-LICENCES.txt"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Keyferry.lnk" "$INSTDIR\keyferry.exe"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Keyferry"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\keyferry.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "Keyferry authors"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1

  ; Microsoft's documented places for the runtime: of the machine, then of the person.
  SetRegView 32
  ReadRegStr $0 HKLM "SOFTWARE\${WEBVIEW2}" "pv"
  ${If} $0 == ""
  ${OrIf} $0 == "0.0.0.0"
    ReadRegStr $0 HKCU "Software\${WEBVIEW2}" "pv"
  ${EndIf}
  SetRegView lastused
  ${If} $0 == ""
  ${OrIf} $0 == "0.0.0.0"
    MessageBox MB_OK|MB_ICONEXCLAMATION "Keyferry is installed, but its window needs Microsoft's WebView2 runtime, and this computer has none.$\r$\n$\r$\nNothing was downloaded. Install the runtime from Microsoft (search for $\"WebView2 runtime$\"), then start Keyferry. keyferryctl works without it." /SD IDOK
  ${EndIf}
SectionEnd

Section "Uninstall"
  !insertmacro NotRunning keyferry.exe
  !insertmacro NotRunning keyferryctl.exe
  Delete "$INSTDIR\keyferry.exe"
  Delete "$INSTDIR\keyferryctl.exe"
  Delete "$INSTDIR\LICENCE.txt"
  Delete "$INSTDIR\THIRD-PARTY-LICENCES.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR" ; only if nothing else lies there
  Delete "$SMPROGRAMS\Keyferry.lnk"
  RMDir /r "$LOCALAPPDATA\keyferry\webview" ; the window's cache, see app/browserdata.go
  RMDir "$LOCALAPPDATA\keyferry"
  DeleteRegKey HKCU "${UNINSTALL}"
SectionEnd
