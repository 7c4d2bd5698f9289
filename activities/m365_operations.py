"""What kind of thing an operation of Microsoft 365 does: a table of those that matter, and the verb for the rest.

Names are of Microsoft Purview, "Audit log activities", of "Manage mailbox auditing" for mailbox actions, and of the
Exchange PowerShell reference for cmdlets. Those of Entra ID (workload AzureActiveDirectory) are in `entra_operations`.
"""

from __future__ import annotations

from activities.activity import Category
from activities.category import category_of_verb
from activities.entra_operations import OPERATIONS as DIRECTORY
from activities.entra_operations import of_policy

NAMES: dict[Category, str] = {
    Category.LOGON: """
        UserLoggedIn MailboxLogin TeamsSessionStarted PasswordLogonInitialAuthUsingPassword
        ForeignRealmIndexLogonInitialAuthUsingADFSFederatedToken ForeignRealmIndexLogonCookieCopyUsingDAToken
        PasswordLogonCookieCopyUsingDAToken PasswordLogonInitialAuthUsingADFSFederatedToken""",
    Category.FAILED_LOGON: """
        UserLoginFailed""",
    Category.LOGOFF: """
        UserLoggedOut UserLoggedOff SignOut""",
    Category.MAILBOX_RULE: """
        New-InboxRule Set-InboxRule Enable-InboxRule Disable-InboxRule Remove-InboxRule UpdateInboxRules
        New-TransportRule Set-TransportRule Enable-TransportRule Disable-TransportRule Remove-TransportRule
        New-JournalRule Set-JournalRule Enable-JournalRule Disable-JournalRule Remove-JournalRule New-SweepRule
        Set-SweepRule Enable-SweepRule Disable-SweepRule Remove-SweepRule""",
    Category.SEND: """
        Send SendAs SendOnBehalf MessageSent MessageCreatedHasLink MessageCreatedNotification ReactedToMessage
        PostedMessage MessageCreated ChatMessageSent ReplyCreated ThreadCreated""",
    Category.READ: """
        MailItemsAccessed FolderBind MessageBind AttachmentAccess FileAccessed FileAccessedExtended FilePreviewed
        PageViewed PageViewedExtended PagePrefetched ClientViewSignaled ListViewed ListItemViewed FileVersionsViewed
        AnonymousLinkUsed SecureLinkUsed CompanyLinkUsed SharingLinkUsed MessageReadReceiptReceived MeetingDetail
        MeetingParticipantDetail CallParticipantDetail MessageHostedContentRead MessageRead ChatRetrieved
        SensitivityLabeledFileOpened Access CopilotInteraction ConnectedAIAppInteraction AIAppInteraction ViewReport
        ViewDashboard GetWorkspaces LaunchPowerApp ViewedSearchPreviewed PreviewItemRendered PreviewItemListed
        ViewResponses ViewForm ViewRuntimeForm AnalyzedByExternalApplication""",
    Category.LIST: """
        SearchQueryInitiatedExchange SearchQueryInitiatedSharePoint SearchQueryPerformed SearchViewed MessagesListed
        ChatsListed New-ComplianceSearch Start-ComplianceSearch Set-ComplianceSearch Search-Mailbox
        New-MailboxSearch Start-MailboxSearch Search-UnifiedAuditLog Search-MailboxAuditLog Search-AdminAuditLog
        Start-HistoricalSearch Get-MessageTrace New-MailboxAuditLogSearch New-AdminAuditLogSearch SearchCreated
        SearchStarted SearchUpdated AdvancedeDiscoverySearch MessageHostedContentsListed""",
    Category.DOWNLOAD: """
        FileDownloaded FileSyncDownloadedFull FileSyncDownloadedPartial FileDownloadedFromBrowser
        New-ComplianceSearchAction New-MailboxExportRequest MessagesExported RecordingExported TranscriptsExported
        SearchExported SearchExportDownloaded SearchExportJobDownloaded ViewedSearchExported ExportReport ExportTile
        ExportArtifact DownloadReport ExportActivityEvents ExportForm ExportJob PreviewItemDownloaded""",
    Category.UPLOAD: """
        FileUploaded FileUploadedPartial FileSyncUploadedFull FileSyncUploadedPartial New-MailboxImportRequest""",
    Category.CREATE: """
        Create FileCopied FolderCopied FolderCreated ListCreated ListItemCreated SiteCollectionCreated TeamCreated
        ChannelAdded TabAdded ConnectorAdded BotAddedToTeam AppInstalled AppPublishedToCatalog ChatCreated Copy
        Install-DefaultSharingPolicy Install-AdminAuditLogConfig Install-DataClassificationConfig
        Install-ResourceConfig SiteColumnCreated GroupAdded New-UnifiedGroup CaseAdded HoldCreated SiteThemeCreated""",
    Category.MODIFY: """
        Update Move ApplyRecord ApplyRecordLabel ApplyPriorityCleanup FileModified FileModifiedExtended
        FileCheckedIn FileCheckedOut FileCheckOutDiscarded FileRenamed FileMoved FolderRenamed FolderMoved
        FileRestored FolderRestored FolderModified SharingInvitationAccepted AccessRequestCreated
        AccessRequestDenied TabUpdated ConnectorUpdated TeamSettingChanged ChannelSettingChanged
        TeamsTenantSettingChanged TeamsUserSettingChanged TeamsAdminAction FileSensitivityLabelApplied
        FileSensitivityLabelChanged FileSensitivityLabelRemoved SensitivityLabelApplied SensitivityLabelUpdated
        SensitivityLabelRemoved DocumentSensitivityMismatchDetected FileMalwareDetected DlpRuleMatch DlpRuleUndo
        MessageUpdated MessageEditedHasLink Set-MailboxPlan Set-CASMailboxPlan ComplianceRecordDelete
        SetComplianceTag ManagedSyncClientAllowed UnmanagedSyncClientBlocked Set-TransportConfig
        Set-OrganizationConfig Set-TenantObjectVersion SiteLocksChanged FileRequestUsed Set-UnifiedGroup""",
    Category.DELETE: """
        SoftDelete HardDelete MoveToDeletedItems RecordDelete FileDeleted FileRecycled FolderDeleted FolderRecycled
        FileDeletedFirstStageRecycleBin FileDeletedSecondStageRecycleBin FileVersionsAllDeleted FileVersionDeleted
        FileVersionRecycled FileVersionsAllRecycled FileVersionsAllMinorsRecycled FolderDeletedFirstStageRecycleBin
        FolderDeletedSecondStageRecycleBin ListItemDeleted ListItemRecycled SiteDeleted TeamDeleted ChannelDeleted
        TabRemoved ConnectorRemoved BotRemovedFromTeam AppUninstalled MessageDeleted DeletedAllOrganizationApps
        PriorityCleanupDelete""",
    Category.SHARE: """
        SharingSet SharingInvitationCreated SharingInvitationUpdated AnonymousLinkCreated AnonymousLinkUpdated
        SecureLinkCreated SecureLinkUpdated AddedToSecureLink CompanyLinkCreated CompanyLinkUpdated
        SharingLinkCreated SharingLinkUpdated AddedToSharingLink AccessInvitationCreated AccessRequestApproved
        SharingInheritanceBroken WebMembersCanShareModified SharingPolicyChanged WebRequestAccessModified
        AllowAnonymousAccessChanged New-SharingPolicy Set-SharingPolicy New-OrganizationRelationship
        Set-OrganizationRelationship ShareReport ShareDashboard PublishToWebReport InviteSent ShareFlow
        AllowGroupCreationSet FileRequestCreated""",
    Category.ROLE_GRANT: """
        Add-MailboxPermission Add-RecipientPermission Add-MailboxFolderPermission Set-MailboxFolderPermission
        Add-ADPermission Add-PublicFolderClientPermission AddFolderPermissions ModifyFolderPermissions
        UpdateFolderPermissions UpdateCalendarDelegation New-ManagementRoleAssignment Set-ManagementRoleAssignment
        Add-RoleGroupMember New-RoleGroup Update-RoleGroupMember Add-ManagementRoleEntry New-ManagementRole
        Set-RoleGroup Add-eDiscoveryCaseAdmin Add-ComplianceCaseMember Add-DistributionGroupMember
        Add-UnifiedGroupLinks AddedToGroup SiteCollectionAdminAdded SiteAdminChangeRequest PermissionLevelAdded
        PermissionLevelModified PermissionsLevelModified SiteOwnershipTransferred MemberAdded MemberRoleChanged
        AddWorkingMember AddGroupMembers UpdateWorkspaceAccess AddDatasourceUser CaseMemberAdded CaseAdminUpdated
        Set-ApplicationAccessPolicy New-ServicePrincipal New-ApplicationAccessPolicy AddMembersToRole
        PerformedResourceSpecificConsent""",
    Category.ROLE_REVOKE: """
        Remove-MailboxPermission Remove-RecipientPermission Remove-MailboxFolderPermission Remove-ADPermission
        RemoveFolderPermissions Remove-ManagementRoleAssignment Remove-RoleGroupMember Remove-RoleGroup
        Remove-ManagementRoleEntry Remove-DistributionGroupMember Remove-UnifiedGroupLinks RemovedFromGroup
        SiteCollectionAdminRemoved PermissionLevelRemoved PermissionLevelsInheritanceBroken MemberRemoved
        SharingRevoked AnonymousLinkRemoved AnonymousLinkDeleted CompanyLinkRemoved CompanyLinkDeleted
        SecureLinkDeleted SecureLinkRemoved RemovedFromSecureLink RemovedFromSharingLink SharingLinkDeleted
        SharingInvitationRevoked SharingInvitationBlocked AccessInvitationRevoked SharingInheritanceReset
        CaseMemberRemoved CaseAdminRemoved Remove-ApplicationAccessPolicy""",
    Category.CREATE_USER: """
        New-Mailbox New-MailUser New-RemoteMailbox New-SyncMailbox Enable-Mailbox Enable-RemoteMailbox New-User""",
    Category.MODIFY_USER: """
        Set-User Set-MailUser Set-CASMailbox Set-RemoteMailbox Update-User""",
    Category.DELETE_USER: """
        Remove-Mailbox Disable-Mailbox Remove-MailUser Remove-User""",
    Category.CREDENTIAL: """
        Add-FederatedDomain New-FederationTrust Set-FederationTrust Remove-FederationTrust
        Set-FederatedOrganizationIdentifier Set-DkimSigningConfig New-DkimSigningConfig Rotate-DkimSigningConfig
        New-PartnerApplication Set-PartnerApplication New-AuthServer Set-AuthConfig Set-AuthenticationPolicy
        New-AuthenticationPolicy Remove-AuthenticationPolicy""",
    Category.AUDIT_CONFIG: """
        Set-AdminAuditLogConfig Set-MailboxAuditBypassAssociation New-UnifiedAuditLogRetentionPolicy
        Set-UnifiedAuditLogRetentionPolicy Remove-UnifiedAuditLogRetentionPolicy New-ProtectionAlert
        Set-ProtectionAlert Disable-ProtectionAlert Remove-ProtectionAlert New-ActivityAlert Set-ActivityAlert
        Disable-ActivityAlert Remove-ActivityAlert AuditPolicyUpdate SiteCollectionAuditSettingsChanged
        AuditSearchCreated""",
    Category.NETWORK_CONFIG: """
        New-InboundConnector Set-InboundConnector Remove-InboundConnector New-OutboundConnector
        Set-OutboundConnector Remove-OutboundConnector Set-HostedConnectionFilterPolicy New-ClientAccessRule
        Set-ClientAccessRule Remove-ClientAccessRule NetworkAccessPolicyChanged NetworkSecurityConfigurationUpdated
        New-RemoteDomain Set-RemoteDomain Remove-RemoteDomain New-AcceptedDomain Set-AcceptedDomain
        New-TenantAllowBlockListItems Set-TenantAllowBlockListItems""",
    Category.TOKEN: """
        SignInEvent""",
}
"""Each operation under its category, and once only."""

OPERATIONS: dict[str, Category] = {
    name.lower(): category for category, names in NAMES.items() for name in names.split()
}

_FORWARDS = frozenset(("forwardingaddress", "forwardingsmtpaddress", "delivertomailboxandforward"))
_GRANTS = frozenset(("grantsendonbehalfto",))
_AUDITS = frozenset(
    (
        "auditenabled",
        "auditlogagelimit",
        "auditowner",
        "auditdelegate",
        "auditadmin",
        "auditdisabled",
        "unifiedauditlogingestionenabled",
        "defaultauditset",
    )
)
BY_PARAMETERS = frozenset(("set-mailbox", "set-organizationconfig", "new-remotedomain", "set-remotedomain"))
"""Cmdlets that do one or another thing, as their parameters say."""
_PURGES = frozenset(("purge", "purgetype"))


def category_of(operation: str, parameters: dict[str, str]) -> Category:
    """The category of an operation of any workload but AzureActiveDirectory.

    Args:
        operation: `Operation`.
        parameters: The cmdlet's parameters that were given, by name in lower case: `Set-Mailbox` is a rule on
            incoming mail where it forwards, and a change of the audit log where it sets what is audited.
    """
    name = operation[:200].strip().rstrip(".").lower()
    if name in BY_PARAMETERS:
        given = parameters.keys()
        for names, category in (
            (_FORWARDS, Category.MAILBOX_RULE),
            (_AUDITS, Category.AUDIT_CONFIG),
            (_GRANTS, Category.ROLE_GRANT),
            ({"autoforwardenabled"}, Category.MAILBOX_RULE),
        ):
            if given & names:
                return category
    if name == "new-compliancesearchaction" and parameters.keys() & _PURGES:
        return Category.DELETE
    # Those of Entra ID also come without their workload, e.g. through Defender.
    return OPERATIONS.get(name) or DIRECTORY.get(name) or of_policy(name) or category_of_verb(operation)
